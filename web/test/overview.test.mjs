// Overview: figures that agree with their spark lines, the picture by keyboard
// alone, and its list.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { start } from './instance.mjs'
import { close, eventually, looks, stage } from './lab.mjs'

const on = stage(start)

test('what flows is not called 0', async () => {
  const page = await on.open('/')
  for (const figure of ['in', 'out'])
    await eventually(figure + ' has a rate', async () =>
      /[1-9]/.test(await page.locator(`[data-figure=${figure}] b`).innerText()),
    )
  await close(page)
})

test('the picture is walked by arrows and opened by Enter', async () => {
  const page = await on.open('/')
  const box = (id) => page.locator(`[data-box="${id}"]`)
  await box('hub/default/telemetry_events').focus()
  await page.keyboard.press('ArrowRight')
  const next = await page.evaluate(() => document.activeElement.dataset.box)
  assert.match(next, /^(function|job)\//)
  await page.keyboard.press('ArrowLeft')
  assert.equal(await page.evaluate(() => document.activeElement.dataset.box), 'hub/default/telemetry_events')
  await page.keyboard.press('Enter')
  await page.waitForSelector('aside')
  assert.match(page.url(), /sel=/)
  assert.match(await page.locator('aside').innerText(), /telemetry_events/)
  await page.keyboard.press('Escape')
  await eventually('it is closed', async () => (await page.locator('aside').count()) === 0)
  await page.keyboard.press('v')
  await eventually('the list says the same', async () =>
    /telemetry_events/.test(await page.locator('.picture ul').innerText()),
  )
  await close(page)
})

looks(on, 'overview', '/', (page) => page.waitForSelector('[data-box]'))

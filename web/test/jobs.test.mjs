// Stream jobs: how one runs, tables that are not cut, the step that is lit in the
// query, stop and start.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { start } from './instance.mjs'
import { browse, close, eventually, open, serious, shot } from './lab.mjs'

let lazuli, browser
before(async () => {
  lazuli = await start()
  browser = await browse()
})
after(async () => {
  await browser?.close()
  await lazuli?.stop()
})

test('no column of inputs and outputs is cut', async () => {
  const page = await open(browser, lazuli.url + '/jobs/averages/overview')
  await page.waitForSelector('table')
  for (const box of await page.locator('.scroll').all())
    assert.ok(await box.evaluate((n) => n.scrollWidth <= n.clientWidth), await box.innerText())
  await close(page)
})

test('a step of the diagram is lit in the query', async () => {
  const page = await open(browser, lazuli.url + '/jobs/averages/diagram')
  await page.locator('[data-box^="step/"]').first().click()
  await eventually('its line is marked', async () => (await page.locator('li.marked').count()) === 1)
  await close(page)
})

test('a job stops and starts', async () => {
  const page = await open(browser, lazuli.url + '/jobs/averages/overview')
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await eventually(
    'it stands',
    async () => (await page.getByRole('button', { name: 'Start', exact: true }).count()) === 1,
  )
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await eventually('it runs', async () => (await page.getByRole('button', { name: 'Stop', exact: true }).count()) === 1)
  await close(page)
})

test('one that is stuck looks failing, with the reason', async () => {
  const page = await open(browser, lazuli.url + '/jobs/stuck/overview')
  await eventually(
    'the reason is said',
    async () => /nosuchcolumn/.test(await page.locator('main').innerText()),
    30_000,
  )
  await close(page)
})

for (const theme of ['dark', 'light'])
  for (const lang of ['en', 'ko'])
    test(`it looks right: ${theme} ${lang}`, async () => {
      for (const [width, height] of [
        [1440, 900],
        [1280, 800],
        [390, 844],
      ])
        for (const tab of ['overview', 'diagram']) {
          const page = await open(browser, lazuli.url + '/jobs/averages/' + tab, { theme, lang, width, height })
          await page.waitForSelector(tab === 'overview' ? 'table' : '[data-box]')
          assert.deepEqual(await serious(page), [])
          await shot(page, `jobs-${tab}-${theme}-${lang}-${width}`)
          await close(page)
        }
    })

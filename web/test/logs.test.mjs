// Logs: filtered, followed, counted; one line and its neighbours; what a
// terminal would obey is shown.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { start } from './instance.mjs'
import { close, eventually, looks, stage } from './lab.mjs'

const on = stage(start)

const rows = (page) => page.locator('[role=grid] [role=row]')

test('lines are filtered, opened with their neighbours, and followed', async () => {
  const page = await on.open('/logs?q=level>=warn')
  await eventually('a warning is listed', async () =>
    /Warning|Error/.test(await page.locator('[role=grid]').innerText()),
  )
  assert.ok(!(await page.locator('[role=grid]').innerText()).includes('Executing'), 'an information passes level>=warn')
  await page.goto(on.lazuli.url + '/logs?q=app:telemetry')
  await eventually('lines come', async () => (await rows(page).count()) > 5)
  const before = await page.locator('[role=grid]').innerText()
  await eventually('new lines arrive', async () => (await page.locator('[role=grid]').innerText()) !== before)
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.waitForSelector('aside')
  const shown = await page.locator('[role=grid]').innerText()
  await page.waitForTimeout(1500)
  assert.equal(await page.locator('[role=grid]').innerText(), shown, 'the list moved while a line was open')
  await page.getByRole('button', { name: '50 lines before and after' }).click()
  await eventually('its neighbours are listed', async () => (await page.locator('aside ol li').count()) > 10)
  assert.equal(await page.locator('aside ol [aria-current=true]').count(), 1)
  await page.keyboard.press('Escape')
  await eventually('it is closed', async () => (await page.locator('aside').count()) === 0)
  await close(page)
})

test('a filter is saved for everybody, applied elsewhere, and deleted', async () => {
  const saved = (page) => page.getByRole('button', { name: 'Saved filters' })
  const page = await on.open('/logs?q=level%3Aerror')
  await saved(page).click()
  await page.getByRole('menuitem', { name: 'Save this filter' }).click()
  await page.getByRole('dialog').getByRole('textbox').fill('only errors')
  await page.keyboard.press('Enter')
  await eventually('the dialog closes', async () => !(await page.getByRole('dialog').isVisible()))
  await close(page)

  const other = await on.open('/logs') // another browser
  await saved(other).click()
  await other.getByRole('menuitem', { name: 'only errors', exact: true }).click()
  await eventually('it applies', async () => /level(%3A|:)error/.test(other.url()))
  await saved(other).click()
  await other
    .getByRole('menuitem', { name: /only errors/ })
    .last()
    .click()
  await other.reload()
  await eventually('it is gone', async () => {
    if ((await saved(other).count()) === 0) return true
    await saved(other).click()
    const left = await other.getByRole('menuitem', { name: /only errors/ }).count()
    await other.keyboard.press('Escape')
    return left === 0
  })
  await close(other)
})

test('a wrong word is said, with what there is', async () => {
  const page = await on.open('/logs?q=leve:error')
  await eventually('it is said', async () => /leve/.test(await page.locator('main').innerText()))
  await page.context().close()
  assert.deepEqual(
    page.wrong.filter((w) => !w.includes('400')),
    [],
  )
})

looks(on, 'logs', '/logs', (page) => eventually('lines come', async () => (await rows(page).count()) > 3))

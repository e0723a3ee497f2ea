// Stream jobs: how one runs, tables that are not cut, the step that is lit in the
// query, stop and start.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { averages, start } from './instance.mjs'
import { close, eventually, looks, stage } from './lab.mjs'

const on = stage(start)

test('no column of inputs and outputs is cut', async () => {
  const page = await on.open('/jobs/averages/overview')
  await page.waitForSelector('table')
  for (const box of await page.locator('.scroll').all())
    assert.ok(await box.evaluate((n) => n.scrollWidth <= n.clientWidth), await box.innerText())
  await close(page)
})

test('a step of the diagram is lit in the query', async () => {
  const page = await on.open('/jobs/averages/diagram')
  await page.locator('[data-box^="step/"]').first().click()
  await eventually('its line is marked', async () => (await page.locator('li.marked').count()) === 1)
  await close(page)
})

test('a job that is not there has a way back', async () => {
  const page = await on.open('/jobs/none/overview')
  await page.getByRole('heading', { name: '“none” does not exist here, or no longer' }).waitFor()
  await page.getByRole('main').getByRole('link', { name: 'Back to the list' }).click()
  await eventually('the list', async () => new URL(page.url()).pathname === '/jobs')
  await close(page)
})

test('a job stops and starts', async () => {
  const page = await on.open('/jobs/averages/overview')
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
  const page = await on.open('/jobs/stuck/overview')
  await eventually(
    'the reason is said',
    async () => /nosuchcolumn/.test(await page.locator('main').innerText()),
    30_000,
  )
  await close(page)
})

// type puts a text into the editor in place of what is there.
async function type(page, text) {
  const editor = page.locator('[data-editor=ready] .cm-content')
  await editor.click()
  await page.keyboard.press('ControlOrMeta+a')
  await page.keyboard.press('Delete')
  await page.keyboard.insertText(text)
}
const problems = (page) => page.locator('.problems li').allInnerTexts()

test('a query is checked while it is written, tested, and saved', async () => {
  const page = await on.open('/jobs/averages/query')
  await page.waitForSelector('[data-editor=ready]')
  await type(page, 'SELECT deviceId\nINTO averages\nFROM nowhere')
  await eventually('the mistake is said with its place', async () =>
    /line 3, column 6/.test((await problems(page)).join()),
  )
  assert.ok(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled())

  const edited = averages.replace('temperature > 10', 'temperature > -100')
  await type(page, edited)
  await eventually('it is right', async () => (await page.locator('[data-check=right]').count()) === 1)
  await page.getByRole('button', { name: 'Test', exact: true }).click()
  await page.waitForSelector('[data-test=result]')
  await eventually('events and rows stand side by side', async () => {
    const count = (side) => page.locator(`[data-side=${side}] [role=row]`).count()
    return (await count('events')) > 1 && (await count('rows')) > 1
  })
  assert.match(await page.locator('[data-test=result]').innerText(), /The newest [\d,]+ events kept/)

  await page.getByRole('button', { name: 'Save', exact: true }).click()
  const dialog = page.getByRole('dialog')
  assert.match(await dialog.innerText(), /must be started anew/)
  await on.lazuli.edit('averages.asaql', averages + '-- another hand\n')
  await dialog.getByRole('button', { name: 'Save and start anew' }).click()
  await dialog.getByRole('button', { name: 'Keep mine' }).click()
  await dialog.getByRole('button', { name: 'Save and start anew' }).click()
  await eventually(
    'it is saved',
    async () => (await page.getByText('Not saved').count()) === 0 && !(await dialog.isVisible()),
  )
  assert.equal(await on.lazuli.read('averages.asaql'), edited)
  await eventually('it runs', async () => (await page.getByRole('button', { name: 'Stop', exact: true }).count()) === 1)
  page.wrong = page.wrong.filter((w) => !/412/.test(w)) // the meeting
  await close(page)
})

test('a draft outlives a reload, and can be thrown away', async () => {
  const page = await on.open('/jobs/averages/query')
  await page.waitForSelector('[data-editor=ready]')
  await type(page, 'SELECT * INTO averages FROM readings')
  await page.reload()
  await page.waitForSelector('[data-editor=ready]')
  await eventually('it is there', async () => /SELECT \* INTO/.test(await page.locator('.cm-content').innerText()))
  await page.getByRole('button', { name: 'Discard changes' }).click()
  await eventually('the file is back', async () =>
    /What each device does/.test(await page.locator('.cm-content').innerText()),
  )
  await close(page)
})

looks(on, 'jobs-query', '/jobs/averages/query', async (page) => {
  await page.waitForSelector('[data-editor=ready]')
  await page.getByRole('button', { name: /^(Test|테스트)$/ }).click()
  await page.waitForSelector('[data-test=result]')
})
looks(on, 'jobs-overview', '/jobs/averages/overview', (page) => page.waitForSelector('table'))
looks(on, 'jobs-diagram', '/jobs/averages/diagram', (page) => page.waitForSelector('[data-box]'))

// Stream jobs: how one runs, tables that are not cut, the step that is lit in the
// query, stop and start.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { start } from './instance.mjs'
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

looks(on, 'jobs-overview', '/jobs/averages/overview', (page) => page.waitForSelector('table'))
looks(on, 'jobs-diagram', '/jobs/averages/diagram', (page) => page.waitForSelector('[data-box]'))

// Connect: no key in the document before it is asked for, a round trip, and code
// that can be taken.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { start } from './instance.mjs'
import { close, eventually, looks, stage } from './lab.mjs'

const on = stage(start)

const hub = '/connect?kind=hub&id=default%2Ftelemetry_events'

test('a key is shown on request only, and that is in the log', async () => {
  const page = await on.open(hub)
  await page.waitForSelector('[data-fact=key]')
  assert.ok(!(await page.content()).includes('SAS_KEY_VALUE'), 'the key is in the document')
  await page.locator('[data-fact=key]').getByRole('button').first().click()
  await eventually('the key is shown', async () =>
    (await page.locator('[data-fact=key]').innerText()).includes('SAS_KEY_VALUE'),
  )
  const log = await (
    await fetch(on.lazuli.url + '/api/logs?q=' + encodeURIComponent('"a key was given" attr.how:shown'))
  ).json()
  assert.ok(log.lines.length >= 1)
  assert.ok(!JSON.stringify(log).includes('SAS_KEY_VALUE'))
  await close(page)
})

test('the round trip is done and said', async () => {
  for (const [address, says] of [
    [hub, /2 partitions at sb:\/\/localhost/],
    ['/connect?kind=container&id=serverless_db%2Fevents', /answered 200/],
    ['/connect?kind=portal', /answered 200/],
  ]) {
    const page = await on.open(address)
    await page.getByRole('button', { name: 'Test' }).click()
    await eventually(address, async () => says.test(await page.locator('main').innerText()))
    await close(page)
  }
})

looks(on, 'connect', hub, (page) => page.waitForSelector('[data-fact=key]'))

// Live metrics: who reports is asked once somebody looks, and shown second by second;
// this test is such a client, as the protocol has it. What strangers wrote is text.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { markup, startShop } from './insights.lab.mjs'
import { close, eventually, looks, stage } from './lab.mjs'

// startClient reports each second what it is asked for, as an SDK does.
async function startClient() {
  const shop = await startShop()
  const me = { Instance: 'pod-1', RoleName: 'till', MachineName: 'pod-1', StreamId: 'till-1', Version: 'node22:test' }
  const client = { ...shop, subscribed: false, wanted: null, documents: [], requests: 40 }
  const ask = async (verb, body) => {
    const at = `${shop.endpoint.replace(/\/$/, '')}/QuickPulseService.svc/${verb}?api-version=2024-04-01-preview&ikey=${shop.key}`
    const headers = verb === 'post' && client.etag ? { 'x-ms-qps-configuration-etag': client.etag } : {}
    const reply = await fetch(at, { method: 'POST', headers, body: JSON.stringify(body) })
    const text = await reply.text()
    client.subscribed = reply.headers.get('x-ms-qps-subscribed') === 'true'
    if (verb === 'post' && text) {
      client.wanted = JSON.parse(text)
      client.etag = reply.headers.get('x-ms-qps-configuration-etag')
    }
  }
  const metric = (name, value) => ({ Name: '\\ApplicationInsights\\' + name, Value: value, Weight: 1 })
  const second = () => ({
    ...me,
    Metrics: [
      metric('Requests/Sec', client.requests),
      metric('Requests Failed/Sec', 10),
      metric('Request Duration', 37.5),
      { Name: '\\% Process\\Processor Time Normalized', Value: 12, Weight: 1 },
      { Name: '\\Process\\Physical Bytes', Value: 64 * 2 ** 20, Weight: 1 },
    ],
    Documents: client.documents.splice(0),
  })
  const timer = setInterval(
    () => void (client.subscribed ? ask('post', [second()]) : ask('ping', me)).catch(() => {}),
    1000,
  )
  return Object.assign(client, { stop: () => (clearInterval(timer), shop.stop()) })
}

const on = stage(startClient)
const list = (page, name) => page.locator(`[data-list=${name}] [role=grid]`)

test('who reports is asked while somebody looks: rates, processes, samples, and one of them alone', async () => {
  assert.equal(on.lazuli.subscribed, false)
  const page = await on.open('/live')
  await eventually('it is asked', () => on.lazuli.subscribed && on.lazuli.wanted)
  assert.deepEqual(
    on.lazuli.wanted.DocumentStreams.map((s) => s.Id),
    ['lazuli-failed'],
  )
  await eventually('its second is shown', async () =>
    /till[^]*40\/s[^]*12.0 %[^]*67 MB/.test(await list(page, 'servers').innerText()),
  )
  assert.match(await page.locator('[data-figure=Requests]').innerText(), /40[^]*25 % failed/)
  on.lazuli.documents.push({
    DocumentType: 'Request',
    DocumentStreamIds: ['lazuli-failed'],
    Name: 'GET ' + markup,
    Url: 'http://till/buy',
    ResponseCode: '500',
    Duration: 'PT0.25S',
    OperationId: '0af7651916cd43dd8448eb211c80319c',
    Properties: [{ key: 'sku', value: markup }],
  })
  await eventually('the sample', async () => (await list(page, 'samples').innerText()).includes(markup))
  await list(page, 'samples').locator('[role=row][data-id]').first().click()
  const dock = page.locator('aside')
  await dock.getByText('250 ms').waitFor()
  assert.equal(await page.locator('main img').count(), 0)
  assert.notEqual(await page.title(), 'owned')
  assert.match(
    await dock.getByRole('link', { name: 'Open the transaction' }).getAttribute('href'),
    /\/transactions\/0af7651916cd43dd8448eb211c80319c/,
  )
  await dock.getByRole('button', { name: 'Only till' }).click()
  assert.match(page.url(), /server=till-1/)
  await page.getByRole('button', { name: 'Only till' }).first().waitFor()
  await close(page)
  await eventually('nobody looks any more', () => !on.lazuli.subscribed)
})

test('Everything asks for what succeeds too; a pause keeps what is shown', async () => {
  const page = await on.open('/live')
  await page.getByRole('radio', { name: 'Everything' }).click()
  await eventually('it is asked for', () => on.lazuli.wanted?.DocumentStreams.length === 2)
  await eventually('its second is shown', async () => /40\/s/.test(await list(page, 'servers').innerText()))
  await page.locator('h1').click()
  await page.keyboard.press('p')
  on.lazuli.requests = 90
  await page.waitForTimeout(3000)
  assert.match(await list(page, 'servers').innerText(), /40\/s/)
  await page.keyboard.press('p')
  await eventually('it goes on', async () => /90\/s/.test(await list(page, 'servers').innerText()))
  on.lazuli.requests = 40
  await close(page)
})

looks(on, 'live', '/live?samples=all', (page) =>
  eventually('seconds come', async () => /40\/(s|초)/.test(await list(page, 'servers').innerText())),
)

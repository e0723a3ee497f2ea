// What an hour's tail leaves behind in a page: 200 events a second are 720,000, and
// the tail of these comes as fast as the page takes it. The events are those of a
// server in front of the real one, which answers all else.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { after, before, test } from 'node:test'
import { run } from './instance.mjs'
import { browse, close, open } from './lab.mjs'

const project = `portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
eventHubs: {amqpPort: 0, amqpsPort: 0, hubs: {telemetry_events: {partitions: 2}}}
cosmos: {port: 0}
functions: {port: 0}
`
const perLine = 50 // rows, as the server sends them
const hour = 720_000
const mostHeap = 80 // MB

let lazuli, front, browser
before(
  async () => {
    ;[lazuli, browser] = await Promise.all([run(project), browse()])
    front = await facade(lazuli.url)
  },
  { timeout: 300_000 },
)
after(async () => {
  await browser?.close()
  await front?.stop()
  await lazuli?.stop()
})

// facade is a server in front of another one. Of tails it sends what it is told to,
// no faster than they are read.
async function facade(url) {
  const real = new URL(url)
  const tails = new Set()
  let sent = 0
  const server = createServer((asked, reply) => {
    if (/\btail$/.test(asked.url)) {
      asked.resume()
      reply.writeHead(200, { 'Content-Type': 'application/x-ndjson' }).flushHeaders()
      tails.add(reply)
      reply.on('close', () => tails.delete(reply))
      return
    }
    const { origin, referer, ...headers } = { ...asked.headers, host: real.host }
    const { hostname: host, port } = real
    const asks = request({ host, port, method: asked.method, path: asked.url, headers }, (answer) => {
      reply.writeHead(answer.statusCode, answer.headers)
      answer.pipe(reply)
    })
    asks.on('error', () => reply.destroy())
    reply.on('close', () => asks.destroy())
    asked.pipe(asks)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const row = (s) => {
    const b = JSON.stringify({ device: 'device-' + (s % 40), tempC: (s % 60) + 0.5, seq: s, note: 'x'.repeat(s % 300) })
    return { p: s % 2, s, t: Date.now(), k: 'device-' + (s % 40), n: b.length, b, m: {} }
  }
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    tails: () => tails.size,
    // send goes on until so many rows were sent.
    async send(count) {
      const [tail] = tails
      while (sent < count) {
        const rows = Array.from({ length: perLine }, () => row(sent++))
        if (!tail.write(JSON.stringify({ rows, dropped: 0, at: [sent, sent] }) + '\n')) await once(tail, 'drain')
      }
      return sent - 1
    },
    stop() {
      server.closeAllConnections()
      return new Promise((done) => server.close(done))
    },
  }
}

test(
  'an hour of 200 events a second leaves a heap of at most 80 MB, and no more than its first minutes did',
  {
    timeout: 900_000,
  },
  async () => {
    const answer = await fetch(lazuli.url + '/api/hubs/default/telemetry_events/events', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ body: '{"first":true}', key: 'a' }),
    })
    assert.ok(answer.ok)
    const page = await open(browser, front.url + '/hubs/default/telemetry_events/events')
    await page.locator('[role=grid] [role=row][data-id]').first().waitFor()
    for (let tries = 0; !front.tails(); tries++) {
      assert.ok(tries < 600, 'nothing is followed')
      await page.waitForTimeout(100)
    }
    const session = await page.context().newCDPSession(page)
    await session.send('Performance.enable')
    const measure = async (count) => {
      const last = await front.send(count)
      await page.waitForFunction(
        (last) => document.querySelector('[role=grid] [role=row][data-id]')?.dataset.id.endsWith(String(last)),
        last,
        { timeout: 600_000, polling: 250 },
      )
      await session.send('HeapProfiler.collectGarbage')
      await session.send('HeapProfiler.collectGarbage')
      const { usedSize } = await session.send('Runtime.getHeapUsage')
      const { metrics } = await session.send('Performance.getMetrics')
      const of = (name) => metrics.find((m) => m.name === name).value
      const all = { mb: usedSize / 1e6, nodes: of('Nodes'), listeners: of('JSEventListeners') }
      console.log(`after ${count} rows: ${all.mb.toFixed(1)} MB, ${all.nodes} nodes, ${all.listeners} listeners`)
      return all
    }
    const early = await measure(hour / 12)
    const late = await measure(hour)
    assert.ok(late.mb <= mostHeap, `${late.mb} MB, at most ${mostHeap} are wanted`)
    assert.ok(late.mb <= early.mb * 1.25 + 2, `the heap grows: ${early.mb} MB, then ${late.mb} MB`)
    assert.ok(late.nodes <= early.nodes * 1.25 + 500, `nodes are kept: ${early.nodes}, then ${late.nodes}`)
    assert.ok(
      late.listeners <= early.listeners * 1.25 + 50,
      `listeners are kept: ${early.listeners}, ${late.listeners}`,
    )
    await close(page)
  },
)

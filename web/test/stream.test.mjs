// How tabs reach the browser's one stream where there is no shared worker, and
// what many streams and hidden tabs cost. (With one: fifty tabs, shell.test.mjs.)
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { start } from './instance.mjs'
import { stage, watch } from './lab.mjs'

const on = stage(start)

const context = () => on.browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' })
const live = (page) => page.waitForSelector('.connection.live', { timeout: 60_000 })

test('tabs without shared workers: one is elected, and another when it is closed', { timeout: 300_000 }, async () => {
  const c = await context()
  await c.addInitScript('delete window.SharedWorker')
  const opened = []
  c.on('request', (r) => r.url().endsWith('/api/stream') && opened.push(r.url()))
  const pages = []
  for (let i = 0; i < 8; i++) {
    const page = await c.newPage()
    watch(page, on.lazuli.url)
    await page.goto(on.lazuli.url + '/settings')
    await live(page)
    pages.push(page)
  }
  assert.equal(opened.length, 1, 'one stream')
  await pages[0].close()
  await pages[3].bringToFront()
  await pages[3].waitForFunction(() => new Promise((done) => setTimeout(() => done(true), 5000)))
  await live(pages[3])
  assert.equal(opened.length, 2, 'another tab has it now')
  for (const page of pages.slice(1)) assert.deepEqual(page.wrong, [])
  await c.close()
})

test('600 streams of one client shut nobody out', { timeout: 300_000 }, async () => {
  const greedy = []
  const { hostname, port } = new URL(on.lazuli.url)
  let answered = 0
  for (let i = 0; i < 600; i++) {
    const r = request(
      { hostname, port, path: '/api/stream', headers: { 'User-Agent': 'greedy' }, agent: false },
      (res) => {
        answered++
        res.on('error', () => {})
        res.resume()
      },
    )
    r.on('error', () => {})
    r.end()
    greedy.push(r)
    if (i % 50 === 49) await new Promise((done) => setTimeout(done, 50))
  }
  for (let limit = Date.now() + 30_000; answered < 600 && Date.now() < limit;)
    await new Promise((done) => setTimeout(done, 50))
  assert.equal(answered, 600)
  const c = await context()
  const page = await c.newPage()
  await page.goto(on.lazuli.url + '/settings')
  await live(page)
  await c.close()
  for (const r of greedy) r.destroy()
})

test('a tab that nobody sees wants nothing, and is live again when it is seen', { timeout: 300_000 }, async () => {
  const c = await context()
  // Without shared workers and locks the tab has a stream of its own, which can
  // be watched from here.
  await c.addInitScript(() => {
    delete window.SharedWorker
    Object.defineProperty(navigator, 'locks', { value: undefined })
    window.look = (state) => {
      Object.defineProperty(document, 'visibilityState', { value: state, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    }
  })
  const page = await c.newPage()
  let open = 0
  page.on('request', (r) => r.url().endsWith('/api/stream') && open++)
  page.on('requestfailed', (r) => r.url().endsWith('/api/stream') && open--)
  await page.goto(on.lazuli.url + '/settings')
  await live(page)
  assert.equal(open, 1)
  await page.evaluate(() => window.look('hidden'))
  for (const limit = Date.now() + 25_000; open; await page.waitForTimeout(100))
    assert.ok(Date.now() < limit, 'the stream is still open')
  await page.evaluate(() => window.look('visible'))
  await live(page)
  assert.equal(open, 1)
  await c.close()
})

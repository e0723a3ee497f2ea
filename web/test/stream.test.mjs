// One stream for all tabs of a browser, and what happens when answers come late
// or data holds characters that nobody sees.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import { chromium } from 'playwright-core'
import { start } from './instance.mjs'

const executablePath =
  process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
let lazuli, browser

before(
  async () => {
    lazuli = await start()
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  },
  { timeout: 120_000 },
)

after(async () => {
  await browser?.close()
  await lazuli?.stop()
})

const context = () => browser.newContext({ viewport: { width: 1400, height: 900 }, locale: 'en-GB' })

// alive waits for a page to show a rate that somebody sends.
const alive = (page) =>
  page.waitForFunction(
    () => parseFloat(document.querySelector('[data-figure=eventsIn] .value')?.textContent ?? '') > 5,
    null,
    { timeout: 8000 },
  )

// tabs opens eight tabs of one browser, each of which must be live.
async function tabs(init) {
  const c = await context()
  if (init) await c.addInitScript(init)
  const opened = []
  c.on('request', (r) => r.url().endsWith('/api/stream') && opened.push(r.url()))
  const pages = []
  for (let i = 0; i < 8; i++) {
    const page = await c.newPage()
    page.wrong = []
    page.on('console', (m) => m.type() === 'error' && page.wrong.push(m.text()))
    page.on('pageerror', (e) => page.wrong.push(String(e)))
    await page.goto(lazuli.url, { timeout: 8000 })
    await page.getByRole('link', { name: 'Event Hubs' }).waitFor({ timeout: 8000 })
    await alive(page)
    pages.push(page)
  }
  return { c, pages, opened }
}

test(
  'eight tabs of one browser load and are live: a shared worker holds their stream',
  { timeout: 120_000 },
  async () => {
    const { c, pages } = await tabs()
    for (const page of pages) {
      await page.bringToFront()
      await page.waitForSelector('.live:not(.stale)')
      assert.deepEqual(page.wrong, [])
    }
    // A tab that opens something gets that too.
    await pages[7].getByRole('link', { name: 'Event Hubs' }).click()
    await pages[7].waitForFunction(() => parseFloat(document.querySelector('[data-live=rate]')?.textContent ?? '') > 5)
    await c.close()
  },
)

test(
  'eight tabs without shared workers: one is elected, and another when it is closed',
  { timeout: 120_000 },
  async () => {
    const { c, pages, opened } = await tabs('delete window.SharedWorker')
    assert.equal(opened.length, 1, 'one stream')
    await pages[0].close()
    await pages[3].bringToFront()
    await pages[3].getByRole('link', { name: 'Event Hubs' }).click()
    await pages[3].waitForFunction(() => parseFloat(document.querySelector('[data-live=rate]')?.textContent ?? '') > 5)
    await pages[3].waitForSelector('.live:not(.stale)')
    for (const page of pages.slice(1)) assert.deepEqual(page.wrong, [])
    await c.close()
  },
)

test('600 streams of one client shut nobody out', { timeout: 120_000 }, async () => {
  const greedy = []
  const { hostname, port } = new URL(lazuli.url)
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
  for (let limit = Date.now() + 10_000; answered < 600 && Date.now() < limit;)
    await new Promise((done) => setTimeout(done, 50))
  assert.equal(answered, 600)
  const c = await context()
  const page = await c.newPage()
  await page.goto(lazuli.url)
  await alive(page)
  await page.waitForSelector('.live:not(.stale)')
  await c.close()
  for (const r of greedy) r.destroy()
})

test('a late answer does not overwrite a newer choice', async () => {
  const c = await context()
  const page = await c.newPage()
  // Events of partition 1 take their time; those of partition 0 are there at once.
  await page.route('**/partitions/1/events*', async (route) => {
    await new Promise((done) => setTimeout(done, 1500))
    await route.fulfill({
      json: [
        {
          sequence: 1,
          offset: '1',
          enqueuedAt: new Date().toISOString(),
          key: 'of-partition-1',
          body: 'late',
          size: 4,
        },
      ],
    })
  })
  await page.route('**/partitions/0/events*', (route) =>
    route.fulfill({
      json: [
        { sequence: 1, offset: '1', enqueuedAt: new Date().toISOString(), key: 'of-partition-0', body: 'new', size: 3 },
      ],
    }),
  )
  await page.goto(lazuli.url + '/#/hubs/telemetry_events')
  await page.waitForSelector('.events li:has-text("of-partition-0")')
  const late = page.waitForResponse('**/partitions/1/events*')
  await page.locator('.inline select').selectOption('1')
  await page.locator('.inline select').selectOption('0')
  await late
  await page.waitForTimeout(200)
  assert.equal(await page.locator('.events li:has-text("of-partition-0")').count(), 1)
  assert.equal(await page.locator('.events li:has-text("of-partition-1")').count(), 0)
  await c.close()
})

test('direction marks, spaces of no width and control characters are shown by name', async () => {
  const c = await context()
  const page = await c.newPage()
  const id = 'invoice\u202egpj.exe\u200b'
  await page.goto(lazuli.url + '/#/data/serverless_db/devices')
  await page.waitForSelector('text=Ctrl+Enter')
  await page.getByRole('button', { name: 'New item' }).click()
  await page.getByLabel('JSON').fill(JSON.stringify({ id, deviceId: 'x', note: 'a\u0007b', family: '👨‍👩‍👧' }))
  await page.getByRole('button', { name: 'Save' }).click()
  const row = page.locator('tr', { hasText: 'gpj.exe' })
  await row.waitFor()
  assert.deepEqual(await row.locator('.mark').allTextContents(), ['RLO U+202E', 'ZWSP U+200B', 'BEL U+0007'])
  assert.ok((await row.textContent()).includes('👨‍👩‍👧'), 'a family is one picture, not three and marks')
  assert.equal(await row.locator('bdi').count(), 4)
  // The editor writes them as escapes, and what is saved again is the same item.
  await row.getByRole('button', { name: /^Edit invoice/ }).click()
  assert.ok((await page.getByLabel('JSON').inputValue()).includes('invoice\\u202egpj.exe\\u200b'))
  await page.getByRole('button', { name: 'Save' }).click()
  await page.waitForSelector('text=Saved')
  await page.getByRole('link', { name: 'Event Hubs' }).click()
  await page.getByLabel('Partition key').fill('k\u202ey')
  await page.getByLabel('Body').fill('{"deviceId":"device-\u202e1","data":{"temperature":21}}')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await page.waitForSelector('.events .badge .mark:has-text("RLO U+202E")')
  await c.close()
})

test('a tab that nobody sees wants nothing, and is live again when it is seen', { timeout: 60_000 }, async () => {
  const c = await context()
  // Without shared workers and locks the tab has a stream of its own, which can be watched from here.
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
  await page.goto(lazuli.url)
  await alive(page)
  assert.equal(open, 1)
  await page.evaluate(() => window.look('hidden'))
  for (const limit = Date.now() + 20_000; open; await page.waitForTimeout(100))
    assert.ok(Date.now() < limit, 'the stream is still open')
  await page.evaluate(() => window.look('visible'))
  await page.waitForSelector('.live:not(.stale)')
  await alive(page)
  assert.equal(open, 1)
  await c.close()
})

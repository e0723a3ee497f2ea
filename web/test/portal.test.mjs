// The portal in a real browser against a real process.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { chromium } from 'playwright-core'
import { averages, readings, start } from './instance.mjs'

const shots = join(import.meta.dirname, 'shots')
const executablePath =
  process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)
let lazuli, browser, axe

before(
  async () => {
    await mkdir(shots, { recursive: true })
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
    lazuli = await start()
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  },
  { timeout: 120_000 },
)

after(async () => {
  await browser?.close()
  await lazuli?.stop()
})

// open loads an address in a fresh profile and collects what goes wrong there.
async function open(hash, { theme = 'dark', lang = 'en', width = 1600, height = 1000 } = {}) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    locale: lang === 'ko' ? 'ko-KR' : 'en-GB',
    bypassCSP: false,
  })
  const page = await context.newPage()
  page.wrong = []
  page.on('console', (m) => m.type() === 'error' && page.wrong.push(m.text()))
  page.on('pageerror', (e) => page.wrong.push(String(e)))
  page.on('request', (r) => r.url().startsWith(lazuli.url) || page.wrong.push('an outside request: ' + r.url()))
  await page.goto(lazuli.url + '/' + hash)
  await page.waitForSelector('nav')
  await page.waitForSelector('main h1', { state: 'attached' })
  return page
}

const shoot = (page, name) => page.screenshot({ path: join(shots, name + '.png') })

async function finish(page) {
  assert.deepEqual(page.wrong, [])
  await page.context().close()
}

// serious runs axe in the page, through the debugger so that the page's own
// policy stays as it is.
async function serious(page) {
  const session = await page.context().newCDPSession(page)
  await session.send('Runtime.evaluate', { expression: axe })
  const { result } = await session.send('Runtime.evaluate', {
    expression: 'axe.run(document, {resultTypes: ["violations"]})',
    awaitPromise: true,
    returnByValue: true,
  })
  const { violations } = result.value
  return violations
    .filter((v) => ['serious', 'critical'].includes(v.impact))
    .map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`)
}

const number = async (page, selector) => Number((await page.textContent(selector)).replace(/[^\d.]/g, ''))

async function eventually(what, claim) {
  const limit = Date.now() + 15_000
  for (;;) {
    if (await claim()) return
    assert.ok(Date.now() < limit, 'not within 15 s: ' + what)
    await new Promise((r) => setTimeout(r, 100))
  }
}

test('overview shows the pipeline with live rates', async () => {
  const page = await open('')
  await eventually('events flow', async () => (await number(page, '[data-figure=eventsIn] .value')) > 20)
  await eventually('documents flow', async () => (await number(page, '[data-figure=documents] .value')) > 20)
  assert.ok((await page.locator('.node').count()) >= 8)
  await eventually('arrows flow', async () => (await page.locator('.label.flows').count()) >= 4)
  assert.deepEqual(await serious(page), [])
  await shoot(page, 'overview-dark')
  await finish(page)
})

test('stream jobs: numbers, diagram and query of one that runs', async () => {
  const page = await open('#/jobs/averages')
  await eventually('events flow', async () => (await number(page, '[data-live=in]')) > 20)
  await eventually('rows flow', async () => (await number(page, '[data-live=out]')) > 1)
  assert.equal((await page.textContent('[data-live=state]')).trim(), 'Running')
  await page.waitForSelector('.box.input')
  await page.waitForSelector('.box.output')
  assert.equal(await page.locator('.box.step').count(), 2)
  assert.equal(await page.locator('.code li').count(), averages.trimEnd().split('\n').length)
  assert.ok((await page.locator('.code .keyword').count()) > 8)
  // A step leads to its place in the query, by keyboard too.
  await page.locator('.box[role=button]').last().focus()
  await page.keyboard.press('Enter')
  await page.waitForSelector('.code li.marked:has-text("warm AS")')
  assert.deepEqual(await serious(page), [])
  await shoot(page, 'jobs')
  await finish(page)
})

test('stream jobs: one whose output takes nothing says so loudly', async () => {
  const page = await open('#/jobs/stuck')
  await page.waitForSelector('.loud[role=alert]:has-text("nosuchcolumn")')
  await eventually('it is degraded', async () => (await page.textContent('[data-live=state]')).trim() === 'Degraded')
  await page.waitForSelector('.box.output.alarm')
  assert.deepEqual(await serious(page), [])
  await shoot(page, 'jobs-stuck')
  await finish(page)
})

test('stream jobs: stop, a query that was edited meanwhile, start', async () => {
  const page = await open('#/jobs/averages')
  const state = async (want) =>
    eventually('state ' + want, async () => (await page.textContent('[data-live=state]')).trim() === want)
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await state('Stopped')
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await state('Running')
  await page.getByRole('button', { name: 'Stop', exact: true }).click()
  await state('Stopped')
  await lazuli.edit('averages.asaql', averages.replace('temperature > 10', 'temperature > 11'))
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await page.waitForSelector('[role=alert]:has-text("another query")')
  assert.deepEqual(await serious(page), [])
  await shoot(page, 'jobs-refused')
  await page.getByLabel('Start from').selectOption('now')
  await page.getByRole('button', { name: 'Start', exact: true }).click()
  await page.waitForSelector('[role=alert]:has-text("will be discarded")')
  await page.getByRole('button', { name: 'Discard and start' }).click()
  await state('Running')
  await page.waitForSelector('.code li:has-text("temperature > 11")')
  page.wrong = page.wrong.filter((w) => !w.includes('412')) // the browser reports the refusal, as it should
  await finish(page)
})

test('language, theme and keyboard', async () => {
  const page = await open('')
  await page.getByRole('button', { name: '한국어' }).click()
  await page.waitForSelector('nav >> text=이벤트 허브')
  assert.equal(await page.getAttribute('html', 'lang'), 'ko')
  await page.getByRole('button', { name: '밝게' }).click()
  assert.equal(await page.getAttribute('html', 'data-theme'), 'light')
  await page.reload()
  await page.waitForSelector('nav >> text=이벤트 허브') // remembered
  assert.equal(await page.getAttribute('html', 'data-theme'), 'light')
  await page.waitForSelector('.node')
  assert.deepEqual(await serious(page), [])
  await shoot(page, 'overview-light-ko')

  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), '본문으로 건너뛰기')
  await page.keyboard.press('Enter')
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'main')
  await page.keyboard.press('Tab')
  assert.equal(await page.evaluate(() => document.activeElement?.closest('main') !== null), true)
  await finish(page)
})

// every page of the portal.
const pages = [
  '',
  '#/dashboards/plants',
  '#/dashboards/telemetry',
  '#/hubs/telemetry_events',
  '#/data/serverless_db/events',
  '#/functions/telemetry/eventhub_trigger_processor',
  '#/jobs/averages',
  '#/jobs/stuck',
]

test('every page by keyboard, in both themes', async () => {
  for (const theme of ['dark', 'light'])
    for (const hash of pages) {
      const page = await open(hash, { theme })
      await page.waitForSelector('.panel')
      // Tab by Tab: each stop can be seen, shows that it has the focus, and leads on
      // until the end of the page.
      const stops = []
      let ended = false
      while (!ended && stops.length < 250) {
        await page.keyboard.press('Tab')
        const stop = await page.evaluate(() => {
          const e = document.activeElement
          if (!e || e === document.body) return null
          const [box, style] = [e.getBoundingClientRect(), getComputedStyle(e)]
          const marked =
            e.matches(':focus-visible') &&
            (e instanceof SVGElement || (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2))
          return {
            html: e.outerHTML.slice(0, 120),
            seen: box.width > 0 && box.height > 0,
            marked,
            main: e.closest('main') !== null,
          }
        })
        ended = stop === null
        if (stop) stops.push(stop)
      }
      assert.ok(
        ended,
        `${theme} ${hash}: the focus does not leave after ${stops.length} stops, the last ${stops.at(-1)?.html}`,
      )
      assert.deepEqual(
        stops.filter((s) => !s.seen || !s.marked),
        [],
        `${theme} ${hash}: stops that cannot be seen or do not show the focus`,
      )
      assert.ok(
        stops.some((s) => s.main),
        `${theme} ${hash}: nothing in the page itself can be reached`,
      )
      await finish(page)
    }
})

test('light theme has no serious finding on any page', async () => {
  for (const hash of pages) {
    const page = await open(hash, { theme: 'light', lang: 'ko' })
    await page.waitForSelector('.panel')
    await page.waitForTimeout(700)
    assert.deepEqual(await serious(page), [], hash)
    await shoot(page, 'light-ko-' + (hash.split('/').slice(1).join('-') || 'overview'))
    await finish(page)
  }
})

test('a stream that ends shows as stale, and comes back', async () => {
  const page = await open('')
  await page.waitForSelector('.live:has-text("Live")')
  lazuli.freeze()
  try {
    await page.waitForSelector('.live.stale')
  } finally {
    lazuli.thaw()
  }
  await page.waitForSelector('.live:not(.stale)')
  await finish(page)
})

test('first paint is under a second', async () => {
  // The best of up to ten: the limit is the portal's, not that of a machine which
  // happens to be busy with something else. A bare word tells how busy it is.
  const bare = createServer((_, reply) => reply.setHeader('Content-Type', 'text/html').end('<p>word'))
  await new Promise((done) => bare.listen(0, '127.0.0.1', done))
  const paint = async (url) => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(url)
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length)
    const at = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime)
    await context.close()
    return at
  }
  const word = await paint(`http://127.0.0.1:${bare.address().port}/`)
  bare.close()
  let first = Infinity
  for (let tries = 0; tries < 10 && (tries < 3 || first >= 1000); tries++)
    first = Math.min(first, await paint(lazuli.url))
  console.log(`first contentful paint ${Math.round(first)} ms; of a bare word ${Math.round(word)} ms`)
  assert.ok(first < 1000, `first contentful paint after ${first} ms, of a bare word after ${word} ms`)
})

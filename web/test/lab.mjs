// What every browser test needs: a page that notes what goes wrong in it, axe,
// pictures.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { chromium } from 'playwright-core'

const shots = process.env.SHOTS ?? join(import.meta.dirname, 'shots')
const executablePath =
  process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

export const browse = () => chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })

// open loads an address in a fresh profile. page.wrong collects console errors
// (a report of the content-security policy is one), exceptions, requests to
// elsewhere.
export async function open(browser, url, options = {}) {
  const { theme = 'dark', lang = 'en', width = 1440, height = 900, ready = 'main h1', context: more } = options
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    locale: lang === 'ko' ? 'ko-KR' : 'en-GB',
    ...more,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  watch(page, new URL(url).origin)
  await page.goto(url)
  if (ready) await page.waitForSelector(ready, { state: 'attached' })
  return page
}

// watch notes in page.wrong what goes wrong from now on.
export function watch(page, origin) {
  page.wrong = []
  page.on('console', (m) => m.type() === 'error' && page.wrong.push(m.text()))
  page.on('pageerror', (e) => page.wrong.push(String(e)))
  page.on('request', (r) => r.url().startsWith(origin) || page.wrong.push('an outside request: ' + r.url()))
}

export async function close(page) {
  await page.context().close()
  assert.deepEqual(page.wrong, [])
}

export async function shot(page, name) {
  await mkdir(shots, { recursive: true })
  await page.screenshot({ path: join(shots, name + '.png') })
}

// axe's serious findings, once what fades in is there: half faded in, every text
// lacks contrast. It runs through the debugger, so that the page's own policy
// stays as it is.
export async function serious(page) {
  await page.evaluate(() =>
    Promise.allSettled(
      document
        .getAnimations()
        .filter((a) => a.effect.getComputedTiming().endTime < 2000)
        .map((a) => a.finished),
    ),
  )
  const session = await page.context().newCDPSession(page)
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  await session.send('Runtime.evaluate', { expression: axe })
  const { result } = await session.send('Runtime.evaluate', {
    expression: 'axe.run(document, {resultTypes: ["violations"]})',
    awaitPromise: true,
    returnByValue: true,
  })
  return result.value.violations
    .filter((v) => ['serious', 'critical'].includes(v.impact))
    .map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`)
}

// stage starts what the tests of a file speak to, and a browser, before them, and
// ends both after.
export function stage(start) {
  const on = { open: (path, options) => open(on.browser, on.lazuli.url + path, options) }
  before(
    async () => {
      on.lazuli = await start()
      on.browser = await browse()
    },
    { timeout: 180_000 },
  )
  // A page that a failed test left open would be one more tab for the next.
  afterEach(async () => {
    for (const context of on.browser.contexts()) await context.close()
  })
  after(async () => {
    await on.browser?.close()
    await on.lazuli?.stop()
  })
  return on
}

// looks are tests of an address in both themes, both languages and three widths:
// a picture, and nothing serious for axe. there waits until the page shows what
// it is for.
export function looks(on, name, path, there) {
  for (const theme of ['dark', 'light'])
    for (const lang of ['en', 'ko'])
      test(`${name} looks right: ${theme} ${lang}`, async () => {
        for (const [width, height] of [
          [1440, 900],
          [1280, 800],
          [390, 844],
        ]) {
          const page = await on.open(path, { theme, lang, width, height })
          await there(page)
          assert.deepEqual(await serious(page), [])
          await shot(page, `${name}-${theme}-${lang}-${width}`)
          await close(page)
        }
      })
}

export async function eventually(what, claim, limit = 15_000) {
  const end = Date.now() + limit
  for (;;) {
    if (await claim()) return
    assert.ok(Date.now() < end, `not within ${limit / 1000} s: ${what}`)
    await new Promise((r) => setTimeout(r, 100))
  }
}

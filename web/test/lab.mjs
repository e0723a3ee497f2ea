// What every browser test needs: a page that notes what goes wrong in it, axe,
// pictures.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
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
  assert.deepEqual(page.wrong, [])
  await page.context().close()
}

export async function shot(page, name) {
  await mkdir(shots, { recursive: true })
  await page.screenshot({ path: join(shots, name + '.png') })
}

// axe's serious findings. It runs through the debugger, so that the page's own
// policy stays as it is.
export async function serious(page) {
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

export async function eventually(what, claim, limit = 15_000) {
  const end = Date.now() + limit
  for (;;) {
    if (await claim()) return
    assert.ok(Date.now() < end, `not within ${limit / 1000} s: ${what}`)
    await new Promise((r) => setTimeout(r, 100))
  }
}

// What every browser test needs: a page that notes what goes wrong in it, axe,
// pictures.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { chromium } from 'playwright-core'

const axe = readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
// Where pictures go that somebody wants to look at: SHOTS=FOLDER takes them, and
// goes through every look. Nobody looks at those of a build machine.
const shots = process.env.SHOTS
const executablePath =
  process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

// What of a browser's own no page here needs. Each window of Chromium otherwise
// loads the pages of its address bar: half of what opening one of ours costs.
// (The last --disable-features counts: the first ones are Playwright's own.)
const without = [
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'MediaRouter',
  'OptimizationHints',
  'PaintHolding',
  'WebUIOmniboxPopup',
  'WebUIOmniboxFullPopup',
  'WebUIOmniboxAimPopup',
]

export const browse = () =>
  chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-features=' + without.join()],
  })

// blank is a page in a fresh profile. page.wrong collects console errors (a
// report of the content-security policy is one), exceptions, requests to
// elsewhere than the origin.
async function blank(browser, origin, options) {
  const { theme = 'dark', lang = 'en', width = 1440, height = 900, context: more } = options
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    locale: lang === 'ko' ? 'ko-KR' : 'en-GB',
    ...more,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000) // only what fails waits so long
  watch(page, origin)
  return page
}

// open loads an address in a fresh profile.
export async function open(browser, url, options = {}) {
  const { ready = 'main h1' } = options
  const page = await blank(browser, new URL(url).origin, options)
  await page.goto(url)
  if (ready) await page.waitForSelector(ready, { state: 'attached' })
  return page
}

// each is every look of given ones with SHOTS, and else so many that each theme,
// language and width is there, and each pair of theme and language.
export const each = (looks) =>
  shots
    ? looks
    : looks.filter(({ lang, theme, width }) => ((lang === 'ko') + (theme === 'light') + (width === 1280)) % 2 === 0)

// visit looks at pages in several themes, languages, and widths: looks are
// {theme, lang, width, height}. see(page, go, look) loads what it looks at by
// go(address) anew for each look; the profile is one for each language, so that
// code and fonts are read once. Nothing may go wrong in any of them.
export async function visit(browser, origin, looks, see) {
  for (const lang of new Set(looks.map((l) => l.lang))) {
    const page = await blank(browser, origin, { lang })
    const go = async (path, ready = 'main h1') => {
      await page.goto(origin + path)
      await page.waitForSelector(ready, { state: 'attached' })
    }
    for (const look of looks.filter((l) => l.lang === lang)) {
      await page.emulateMedia({ colorScheme: look.theme })
      await page.setViewportSize({ width: look.width, height: look.height })
      await see(page, go, look)
      assert.deepEqual(page.wrong, [], JSON.stringify(look))
    }
    await close(page)
  }
}

// quiet waits until a page shows what it has, instead of what is to come: no
// skeleton (but where skeletons are what it shows), letters in their fonts,
// editors ready, two frames painted since.
export async function quiet(page, skeletons = false) {
  await page.waitForFunction(
    (skeletons) =>
      document.fonts.status === 'loaded' &&
      (skeletons || !document.querySelector('.skeleton')) &&
      [...document.querySelectorAll('[data-editor]')].every((e) => e.dataset.editor === 'ready'),
    skeletons,
    { polling: 50 },
  )
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
}

// wide is by how many pixels a page is wider than its window.
export const wide = (page) => page.evaluate(() => document.documentElement.scrollWidth - innerWidth)

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
  if (!shots) return
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
  if (await page.evaluate(() => typeof window.axe === 'undefined'))
    await session.send('Runtime.evaluate', { expression: await axe })
  const { result } = await session.send('Runtime.evaluate', {
    expression: 'axe.run(document, {resultTypes: ["violations"]})',
    awaitPromise: true,
    returnByValue: true,
  })
  await session.detach()
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
    { timeout: 300_000 },
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

// looks are tests of an address in both languages: in both themes and three
// widths a picture, and nothing serious for axe. there waits until the page shows
// what it is for. The theme changes while the page is open, as it does in the
// evening; a width is one that the page was loaded in.
export function looks(on, name, path, there) {
  const sizes = [1440, 1280, 390].map((width) => ({ width, height: width < 700 ? 844 : 900 }))
  for (const lang of ['en', 'ko'])
    test(`${name} looks right: ${lang}, dark and light, at three widths`, { timeout: 300_000 }, () => {
      const all = sizes.flatMap((size) => ['dark', 'light'].map((theme) => ({ lang, theme, ...size })))
      const loaded = all.filter(({ theme, width }) => (theme === 'light') === (width === 1280))
      return visit(on.browser, on.lazuli.url, loaded, async (page, go, look) => {
        await go(path)
        await there(page)
        for (const { theme } of each(all.filter((l) => l.width === look.width))) {
          await page.emulateMedia({ colorScheme: theme })
          await page.waitForSelector(`html[data-theme=${theme}]`)
          assert.deepEqual(await serious(page), [], `${theme} at ${look.width}`)
          await shot(page, `${name}-${theme}-${lang}-${look.width}`)
        }
      })
    })
}

export async function eventually(what, claim, limit = 60_000) {
  const end = Date.now() + limit
  for (;;) {
    if (await claim()) return
    assert.ok(Date.now() < end, `not within ${limit / 1000} s: ${what}`)
    await new Promise((r) => setTimeout(r, 100))
  }
}

// busy is a page's main thread: it tells for how many ms of CPU something kept it,
// however many others want the processor meanwhile.
export async function busy(page) {
  const session = await page.context().newCDPSession(page)
  await session.send('Performance.enable', { timeDomain: 'threadTicks' })
  const spent = async () =>
    (await session.send('Performance.getMetrics')).metrics.find((m) => m.name === 'TaskDuration').value * 1000
  return async (run) => {
    const from = await spent()
    const got = await run()
    return [(await spent()) - from, got]
  }
}

export const median = (all) => all.toSorted((a, b) => a - b)[all.length >> 1]

// yardstick is for how many ms of CPU this machine builds, lays out and paints a list
// of 1,000 lines today.
export async function yardstick(browser) {
  const page = await (await browser.newContext()).newPage()
  await page.setContent('<main></main>')
  const cost = await busy(page)
  const all = []
  for (let i = 0; i < 10; i++) {
    const [ms] = await cost(() =>
      page.evaluate(async () => {
        const list = document.createElement('ul')
        for (let i = 0; i < 1000; i++) {
          const line = document.createElement('li')
          line.style.cssText = `display: flex; gap: ${i % 7}px`
          for (const text of ['name', String(i), 'per second'])
            line.appendChild(document.createElement('b')).textContent = text
          list.append(line)
        }
        document.querySelector('main').replaceChildren(list)
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)))
      }),
    )
    all.push(ms)
  }
  await page.context().close()
  return median(all)
}

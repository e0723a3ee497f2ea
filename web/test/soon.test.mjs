// What must be there soon, by the clock. scripts/browser runs this file alone:
// beside others it would tell how busy the machine is.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { start as startBoards } from './boards.lab.mjs'
import { startApps } from './functions.lab.mjs'
import { plants, readings, start, startSolar } from './instance.mjs'
import { browse, busy, close, eventually, median, open, serious, shot, yardstick } from './lab.mjs'

let browser
before(async () => {
  browser = await browse()
})
after(() => browser?.close())

// Late is what was there, and correct, but not soon enough.
class Late extends Error {}
const within = (limit, took, what) => {
  if (took > limit) throw new Late(`${what}: ${Math.round(took)} ms, within ${limit} ms is wanted`)
}

// soon is a test with a lazuli of its own; no other one runs meanwhile. The best of
// three counts where only the clock was missed: the limit is the product's, not that
// of a machine which happens to be busy with something else.
const soon = (name, start, run) =>
  test(name, { timeout: 900_000 }, async () => {
    for (let tries = 1; ; tries++) {
      const lab = await start()
      try {
        return await run(lab)
      } catch (error) {
        if (!(error instanceof Late) || tries === 3) throw error
        console.log(`${error.message}; once more`)
      } finally {
        for (const context of browser.contexts()) await context.close()
        await lab.stop()
      }
    }
  })

soon(
  'three failures of three are failing in the list, in the rail and in the bell within 2 s',
  startApps,
  async (lab) => {
    const panic = { input: '[{"id":"x","do":"panic"},{"id":"y"}]', batch: true }
    const page = await open(browser, lab.url + '/functions/plant/process')
    const quiet = await open(browser, lab.url + '/settings')
    await page.getByText('Running', { exact: true }).first().waitFor()
    await quiet.waitForTimeout(1500)
    for (let i = 0; i < 3; i++) await lab.run('plant/process', panic)
    const began = Date.now()
    await Promise.all([
      page.locator('h1 ~ *, header, main').getByText('Failing', { exact: true }).first().waitFor(),
      page
        .locator('[role=treeitem][data-key$="plant/process"], [role=treeitem]:has-text("process")')
        .first()
        .getByText('100 %')
        .waitFor(),
      quiet.locator('nav.rail a[href="/functions"] .failing').getByText('1', { exact: true }).waitFor(),
      quiet
        .getByRole('button', { name: /Notices/ })
        .locator('.n')
        .waitFor(),
    ])
    within(2000, Date.now() - began, 'a failure is shown')
    await quiet.getByRole('button', { name: /Notices/ }).click()
    await quiet.getByText('panic: asked to').waitFor()
    await quiet
      .getByRole('link', { name: /Look|Show|Open/ })
      .first()
      .click()
    await quiet.waitForURL(/\/functions\/plant\/process\/failures/)
    await close(page)
    await close(quiet)
  },
)

soon(
  'a map: an alarm turns its site red within two seconds; a site shows its hour; all by keyboard',
  () => startBoards({ 'plants.json': JSON.stringify(plants) }),
  async (lab) => {
    const page = await open(browser, lab.url + '/dashboards')
    await page.locator('a.card', { hasText: 'Plants' }).waitFor()
    for (let back = 55; back >= 0; back -= 5) await lab.push('readings', readings(Date.now() - back * 60_000))
    await page.goto(lab.url + '/dashboards/plants')
    await eventually('90 sites', async () => (await page.locator('.site').count()) === 90)
    assert.equal(await page.locator('.site.alarm').count(), 0)
    const [plant] = readings()
    // The page's own clock: a busy machine answers the test late, not the page.
    await page.evaluate(() => {
      new MutationObserver(
        () => (window.red ??= document.querySelector('.site.alarm') ? Date.now() : undefined),
      ).observe(document.body, { subtree: true, childList: true, attributes: true })
    })
    const begin = Date.now()
    const alert = {
      at: new Date().toISOString(),
      plant: plant.plant,
      name: plant.name,
      text: 'Output fell by 62 %',
      level: 'critical',
    }
    await lab.push('alerts', [alert])
    await page.locator('.site.alarm').waitFor()
    const late = (await page.evaluate(() => window.red)) - begin
    within(2000, late, 'the alarm is shown')
    await page.locator('[data-tile=alarms] li').waitFor()
    await page.locator('[data-tile=number][data-state=alarm]').waitFor()
    await page.locator('.site.alarm').dispatchEvent('click')
    await page.locator('aside .uplot canvas').first().waitFor()
    assert.deepEqual(await serious(page), [])
    await shot(page, 'boards-map')
    await page.locator('.site[tabindex="0"]').focus()
    const label = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))
    const first = await label()
    await page.keyboard.press('ArrowDown')
    await eventually('another site', async () => (await label()) !== first)
    await page.keyboard.press('Enter')
    const second = (await label()).split(':')[0]
    await page.locator(`aside[aria-label="${second}"]`).waitFor()
    await page.keyboard.press('Escape')
    await page.locator('.map aside').waitFor({ state: 'detached' })
    await close(page)
  },
)

soon('first paint within 200 ms of a bare word', start, async (lab) => {
  // The best of up to ten: the limit is the portal's, not that of a machine which
  // happens to be busy with something else. A bare word tells how busy it is.
  const bare = createServer((_, reply) => reply.setHeader('Content-Type', 'text/html').end('<p>word'))
  await new Promise((done) => bare.listen(0, '127.0.0.1', done))
  const paint = async (url) => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(url)
    await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length)
    const first = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0].startTime)
    await context.close()
    return first
  }
  let [word, first] = [Infinity, Infinity]
  for (let tries = 0; tries < 10 && (tries < 3 || first - word > 200); tries++) {
    word = Math.min(word, await paint(`http://127.0.0.1:${bare.address().port}/`))
    first = Math.min(first, await paint(lab.url))
  }
  bare.close()
  console.log(`first contentful paint ${Math.round(first)} ms; of a bare word ${Math.round(word)} ms`)
  within(200, first - word, `the first contentful paint, after ${first} ms, later than that of a bare word`)
})

// The solar example: what its README and the wall promise.
const plant = 'gyeongbuk-05'
soon(
  'sites within 15 seconds; a fault is red within two seconds of its window; a site shows its hour',
  () => startSolar(plant, 24),
  async (lab) => {
    const page = await (
      await browser.newContext({ viewport: { width: 1920, height: 1080 }, colorScheme: 'dark', locale: 'ko-KR' })
    ).newPage()
    const wrong = []
    page.on('console', (m) => m.type() === 'error' && wrong.push(m.text()))
    page.on('pageerror', (e) => wrong.push(String(e)))
    const opened = Date.now()
    await page.goto(lab.url + '/dashboards/solar')
    await page.waitForFunction(() => document.querySelectorAll('.site').length === 101, null, { timeout: 60_000 })
    const sites = Date.now() - opened
    console.log(`101 sites ${sites} ms after the page was asked for`)
    within(15_000, sites, 'all sites are shown')

    // The page's own clock: when it has both the row and the red dot.
    const late = await page.evaluate(
      () =>
        new Promise((done) => {
          let row = 0
          const look = () => {
            const time = document.querySelector('[data-tile=alarms] li time')
            if (time && !row) row = Date.now() - Date.parse(time.dateTime)
            if (row && document.querySelector('.site.alarm')) done({ row, dot: Date.now() - Date.parse(time.dateTime) })
          }
          new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true })
          look()
        }),
    )
    console.log(`alarm row ${late.row} ms, red dot ${late.dot} ms after its window's close`)
    within(2000, late.row, "the alarm row, after its window's close")
    within(2000, late.dot, "the red site, after its window's close")
    assert.match(await page.textContent('[data-tile=alarms] li'), /떨어짐/)

    const site = page.locator(`.site[data-key="${plant}"]`)
    assert.ok((await site.getAttribute('class')).includes('alarm'))
    await site.dispatchEvent('click')
    await page.waitForFunction(() => document.querySelectorAll('aside .uplot canvas').length === 3)
    await shot(page, 'solar-alarm')
    assert.deepEqual(wrong, [])
  },
)

// From the key to the paint it is to take 50 ms on the reference machine, which is
// told and depends on the day. What is held is the work that it is, by the yardstick:
// a third of it was measured, half of it before charts waited for the paint.
soon('from the key to another page that is painted: soon', start, async (lab) => {
  const page = await open(browser, lab.url + '/hubs')
  await page.locator('main figure').first().waitFor()
  const change = (key, there) =>
    page.evaluate(
      async ([key, there]) => {
        const from = performance.now()
        for (const k of ['g', key])
          document.body.dispatchEvent(new KeyboardEvent('keydown', { key: k, bubbles: true, cancelable: true }))
        for (;;) {
          // A task behind the frame: what the frame made is painted.
          await new Promise((done) =>
            requestAnimationFrame(() => {
              const { port1, port2 } = new MessageChannel()
              port1.onmessage = done
              port2.postMessage(0)
            }),
          )
          if (document.querySelector(there)) return performance.now() - from
        }
      },
      [key, there],
    )
  const cost = await busy(page)
  const [clock, work] = [[], []]
  for (let i = 0; i < 20; i++) {
    await change('o', '[data-box]')
    await page.waitForTimeout(200)
    const [ms, took] = await cost(() => change('e', 'main .tabs'))
    clock.push(took)
    work.push(ms)
    await page.waitForTimeout(200)
  }
  const stick = await yardstick(browser)
  const all =
    `median ${Math.round(median(clock))} ms, best ${Math.round(Math.min(...clock))} ms; ` +
    `work ${Math.round(median(work))} ms, yardstick ${Math.round(stick)} ms`
  console.log('to the hubs: ' + all)
  within(0.8 * stick, median(work), `the work of a change (${all})`)
  await close(page)
})

// Usable is when the page's heading and all that stands with it is painted. The page
// notes it itself: the driver's own way of waiting takes a second on such a processor.
soon('on a processor that is four times slower: usable within 1.2 s of a bare word', start, async (lab) => {
  const slow = async (url, there) => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.addInitScript((there) => {
      const seen = new MutationObserver(() => {
        if (!document.querySelector(there)) return
        seen.disconnect()
        // A task behind the frame: what the frame made is painted.
        requestAnimationFrame(() => setTimeout(() => (window.usable = performance.now())))
      })
      seen.observe(document, { subtree: true, childList: true })
    }, there)
    const session = await context.newCDPSession(page)
    await session.send('Emulation.setCPUThrottlingRate', { rate: 4 })
    await page.goto(url)
    await page.waitForFunction(() => window.usable && performance.getEntriesByName('first-contentful-paint').length)
    const took = await page.evaluate(() => [
      performance.getEntriesByName('first-contentful-paint')[0].startTime,
      window.usable,
    ])
    await context.close()
    return took
  }
  const bare = createServer((_, reply) => reply.setHeader('Content-Type', 'text/html').end('<p>word'))
  await new Promise((done) => bare.listen(0, '127.0.0.1', done))
  let [word, paint, usable] = [Infinity, Infinity, Infinity]
  for (let tries = 0; tries < 10 && (tries < 3 || usable - word > 1200); tries++) {
    word = Math.min(word, (await slow(`http://127.0.0.1:${bare.address().port}/`, 'p'))[0])
    const [first, there] = await slow(lab.url, 'main h1')
    paint = Math.min(paint, first)
    usable = Math.min(usable, there)
  }
  bare.close()
  const all = [paint, usable, word].map(Math.round)
  console.log('four times slower: painted after %d ms, usable after %d ms; a bare word after %d ms', ...all)
  within(1200, usable - word, `usable, after ${all[1]} ms, later than a bare word`)
})

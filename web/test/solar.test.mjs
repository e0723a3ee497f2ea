// The solar example in a real browser: what its README and the wall promise.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startSolar } from './instance.mjs'
import { shot, stage } from './lab.mjs'

const plant = 'gyeongbuk-05'
const on = stage(() => startSolar(plant, 24))

test(
  'sites within 15 seconds; a fault is red within two seconds of its window; a site shows its hour',
  { timeout: 120_000 },
  async () => {
    const page = await (
      await on.browser.newContext({ viewport: { width: 1920, height: 1080 }, colorScheme: 'dark', locale: 'ko-KR' })
    ).newPage()
    const wrong = []
    page.on('console', (m) => m.type() === 'error' && wrong.push(m.text()))
    page.on('pageerror', (e) => wrong.push(String(e)))
    const opened = Date.now()
    await page.goto(on.lazuli.url + '/dashboards/solar')
    await page.waitForFunction(() => document.querySelectorAll('.site').length === 101, null, { timeout: 15_000 })
    console.log(`101 sites ${Date.now() - opened} ms after the page was asked for`)

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
    assert.ok(late.row < 2000, `the alarm row came ${late.row} ms after its window's close`)
    assert.ok(late.dot < 2000, `the site was red ${late.dot} ms after its window's close`)
    assert.match(await page.textContent('[data-tile=alarms] li'), /떨어짐/)

    const site = page.locator(`.site[data-key="${plant}"]`)
    assert.ok((await site.getAttribute('class')).includes('alarm'))
    await site.dispatchEvent('click')
    await page.waitForFunction(() => document.querySelectorAll('aside .uplot canvas').length === 3)
    await shot(page, 'solar-alarm')
    assert.deepEqual(wrong, [])
  },
)

// Overview: figures that agree with their spark lines, the picture by keyboard
// alone, and its list.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run, start } from './instance.mjs'
import { close, eventually, looks, open, quiet, serious, stage } from './lab.mjs'

const on = stage(start)

test('what flows is not called 0', async () => {
  const page = await on.open('/')
  for (const figure of ['in', 'out'])
    await eventually(figure + ' has a rate', async () =>
      /[1-9]/.test(await page.locator(`[data-figure=${figure}] b`).innerText()),
    )
  await close(page)
})

test('the picture is walked by arrows and opened by Enter', async () => {
  const page = await on.open('/')
  const box = (id) => page.locator(`[data-box="${id}"]`)
  await box('hub/default/telemetry_events').focus()
  await page.keyboard.press('ArrowRight')
  const next = await page.evaluate(() => document.activeElement.dataset.box)
  assert.match(next, /^(function|job)\//)
  await page.keyboard.press('ArrowLeft')
  assert.equal(await page.evaluate(() => document.activeElement.dataset.box), 'hub/default/telemetry_events')
  await page.keyboard.press('Enter')
  await page.waitForSelector('aside')
  assert.match(page.url(), /sel=/)
  assert.match(await page.locator('aside').innerText(), /telemetry_events/)
  await page.keyboard.press('Escape')
  await eventually('it is closed', async () => (await page.locator('aside').count()) === 0)
  await page.keyboard.press('v')
  await eventually('the list says the same', async () =>
    /telemetry_events/.test(await page.locator('.picture ul').innerText()),
  )
  await close(page)
})

looks(on, 'overview', '/', (page) => page.waitForSelector('[data-box]'))

// Fifty hubs, nine jobs, twelve containers.
const numbers = (n) => Array.from({ length: n }, (_, i) => i)
const crowd = `portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
eventHubs:
  amqpPort: 0
  amqpsPort: 0
  hubs:
${numbers(50)
  .map((i) => `    hub-${i}: {partitions: 2}`)
  .join('\n')}
cosmos:
  port: 0
  databases:
    db:
      containers:
${numbers(12)
  .map((i) => `        c${i}: {partitionKey: /id}`)
  .join('\n')}
functions: {port: 0}
stream:
  jobs:
${numbers(9)
  .map(
    (i) => `    job-${i}: {query: q.asaql, inputs: {i: {hub: hub-${i % 6}}}, outputs: {o: {container: db/c${i % 8}}}}`,
  )
  .join('\n')}
`

// On a phone nothing of the picture is outside of the window's width: the boxes
// stand one under the other, and each under what flows into it.
async function narrow(url, lang, theme) {
  const page = await open(on.browser, url + '/', { lang, theme, width: 390, height: 844 })
  await page.waitForSelector('[data-box]')
  await quiet(page)
  const seen = await page.evaluate(() => {
    const boxes = [...document.querySelectorAll('[data-box]')].map((b) => b.getBoundingClientRect())
    return {
      boxes: boxes.length,
      outside: boxes.filter((b) => b.left < 0 || b.right > innerWidth).length,
      small: boxes.filter((b) => b.height < 44 || b.width < 160).length,
      over: boxes.toSorted((a, b) => a.top - b.top).filter((b, i, all) => i > 0 && b.top < all[i - 1].bottom).length,
    }
  })
  assert.ok(seen.boxes > 10, `${seen.boxes} boxes`)
  assert.deepEqual({ ...seen, boxes: 0 }, { boxes: 0, outside: 0, small: 0, over: 0 })
  // The last one is reached by scrolling the page.
  const last = page.locator('[data-box]').last()
  await last.scrollIntoViewIfNeeded()
  await last.click()
  assert.deepEqual(await serious(page), [])
  await close(page)
}

test('all of a large picture is seen by one press', { timeout: 300_000 }, async () => {
  const many = await run(crowd, {}, { 'q.asaql': 'SELECT * INTO o FROM i' })
  try {
    const page = await open(on.browser, many.url + '/')
    await page.waitForSelector('[data-box]')
    await page.getByRole('button', { name: 'Fit', exact: true }).click()
    await eventually('all boxes are inside', () =>
      page.evaluate(() => {
        const boxes = [...document.querySelectorAll('[data-box]')].map((b) => b.getBoundingClientRect())
        const { left, top, right, bottom } = document.querySelector('.picture .view').getBoundingClientRect()
        const inside = (b) => b.left >= left - 1 && b.right <= right + 1 && b.top >= top - 1 && b.bottom <= bottom + 1
        return boxes.length > 10 && boxes.every(inside)
      }),
    )
    await close(page)
  } finally {
    await many.stop()
  }
})

test('at 390 px the picture needs no pan: one project, and fifty hubs', { timeout: 300_000 }, async () => {
  const many = await run(crowd, {}, { 'q.asaql': 'SELECT * INTO o FROM i' })
  try {
    for (const url of [on.lazuli.url, many.url])
      for (const [lang, theme] of [
        ['en', 'dark'],
        ['ko', 'light'],
      ])
        await narrow(url, lang, theme)
  } finally {
    await many.stop()
  }
})

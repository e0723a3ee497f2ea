// Kusto queries: completed, refused at their place, answered as a table and as charts,
// remembered, exported; failures and durations with what is behind them.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { markup, startShop } from './insights.lab.mjs'
import { close, eventually, looks, quiet, stage } from './lab.mjs'

const on = stage(startShop)

const rows = (page) => page.locator('[role=grid] [role=row]')
const main = (page) => page.locator('main').innerText()
const address = (q) => '/logs/query?q=' + encodeURIComponent(q)

async function unharmed(page) {
  assert.equal(await page.locator('main img').count(), 0)
  assert.notEqual(await page.title(), 'owned')
}

async function write(page, text) {
  await quiet(page)
  await page.locator('.cm-content').click()
  await page.keyboard.press('Control+A')
  await page.keyboard.insertText(text)
}

test('a query is written, completed, run and exported', async () => {
  const page = await on.open('/logs/query')
  await write(page, 'requests | summarize n = count() by resultC')
  await page.keyboard.press('Control+Space')
  await eventually('a column is offered', async () => (await page.locator('.cm-tooltip-autocomplete li').count()) > 0)
  assert.match(await page.locator('.cm-tooltip-autocomplete').innerText(), /resultCode/)
  await page.keyboard.press('Escape')
  await write(page, 'requests | summarize n = count() by resultCode | order by n desc')
  await page.keyboard.press('Control+Enter')
  await eventually('three rows come', async () => (await rows(page).count()) === 4)
  assert.match(await page.locator('[role=grid]').innerText(), /200\s+480/)
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export all rows as CSV' }).click(),
  ])
  assert.equal(await readFile(await download.path(), 'utf8'), 'resultCode,n\n200,480\n500,60\n503,60\n')
  await page.getByRole('button', { name: 'History' }).click()
  await eventually('it is remembered', async () => /order by n desc/.test(await page.getByRole('dialog').innerText()))
  await close(page)
})

test('a mistake is underlined where it is, and said when it is run', async () => {
  const page = await on.open('/logs/query')
  await write(page, 'requests\n| where nosuch == 1')
  await eventually('it is underlined', async () => (await page.locator('.cm-lintRange-error').innerText()) === 'nosuch')
  await page.keyboard.press('Control+Enter')
  await eventually('it is said', async () => /nosuch/.test(await page.getByRole('alert').innerText()))
  page.wrong = page.wrong.filter((w) => !w.includes('400'))
  await close(page)
})

test('a query is drawn as it asks: over time, as bars, as a ring', async () => {
  const page = await on.open(address('requests | summarize count() by bin(timestamp, 1m), name | render timechart'))
  await page.waitForSelector('[data-chart="2"] canvas')
  await page.goto(on.lazuli.url + address('dependencies | summarize count() by name | render piechart'))
  await page.waitForSelector('[data-parts="2"] svg circle')
  await page.goto(on.lazuli.url + address('requests | summarize count() by resultCode | render barchart'))
  await page.waitForSelector('[data-parts="3"]')
  assert.equal(await page.locator('[data-parts] svg').count(), 0)
  await close(page)
})

test('what strangers wrote is text, in rows and in charts', async () => {
  const page = await on.open(
    address('requests | where isnotempty(customDimensions) | take 5 | project customDimensions.note, operation_Id'),
  )
  await eventually('it is listed', async () => (await page.locator('[role=grid]').innerText()).includes('onerror'))
  await unharmed(page)
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.waitForSelector('aside')
  assert.ok((await page.locator('aside').innerText()).includes(markup))
  await unharmed(page)
  await page.goto(
    on.lazuli.url +
      address(
        'requests | where isnotempty(customDimensions) | summarize count() by tostring(customDimensions.note) | render piechart',
      ),
  )
  await page.waitForSelector('[data-parts="1"]')
  assert.ok((await main(page)).includes('<img'))
  await unharmed(page)
  await close(page)
})

test('many rows: the table is virtual, and what is left out is said', async () => {
  const page = await on.open(address('range x from 1 to 20000 step 1'))
  await eventually('rows come', async () => (await rows(page).count()) > 10)
  assert.ok((await rows(page).count()) <= 60)
  assert.match(await main(page), /Not all: the result has more than 10000 rows/)
  await close(page)
})

test('failures are ranked; one leads to samples and to a whole operation', async () => {
  const page = await on.open('/failures?from=now-1h')
  await eventually('two operations failed', async () => (await rows(page).count()) === 3)
  assert.match(await main(page), /120 of 600 failed/)
  for (const [name, row] of [
    ['Exceptions', /bank\.Refused/],
    ['Result codes', /503/],
    ['Dependencies', /HTTP · bank/],
  ]) {
    await page.getByRole('radio', { name }).click()
    await eventually(name, async () => row.test(await page.locator('[role=grid]').innerText()))
  }
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await eventually('samples are listed', async () => (await page.locator('aside li a').count()) > 5)
  await page.locator('aside li a').first().click()
  await eventually('the operation is shown', () => page.url().includes('/transactions/'))
  await unharmed(page)
  await close(page)
})

test('durations are ranked; one shows how they are spread', async () => {
  const page = await on.open('/performance?from=now-1h')
  await eventually('two operations are listed', async () => (await rows(page).count()) === 3)
  assert.match(await page.locator('[role=grid]').innerText(), /GET \/buy\s+shop\s+300/)
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  const bars = page.locator('aside .histogram button:not([disabled])')
  await eventually('the spread is drawn', async () => (await bars.count()) >= 2)
  await eventually('what it calls is listed', async () => /SELECT stock/.test(await page.locator('aside').innerText()))
  await bars.last().click()
  await eventually('samples of the longest are listed', async () => {
    const text = await page.locator('aside li a').allInnerTexts()
    return text.length > 5 && text.every((t) => /240 ms/.test(t))
  })
  await close(page)
})

test('the map has who calls whom; a node leads to its neighbours and to what failed', async () => {
  const page = await on.open('/map?from=now-1h')
  const box = (name) => page.locator('[data-box]', { hasText: name })
  await eventually('three boxes are drawn', async () => (await page.locator('[data-box]').count()) === 3)
  assert.match(await box('bank').innerText(), /20 % failed/)
  assert.match(await box('stockdb').innerText(), /SQL/)
  assert.match(await page.locator('.world > svg').innerHTML(), /20 % failed/)
  await box('bank').focus()
  await page.keyboard.press('Enter')
  const dock = page.locator('aside')
  await eventually('its failures are listed', async () => /Samples[^]*503/.test(await dock.innerText()))
  assert.match(await dock.innerText(), /300[^]*60 · 20.0 %[^]*Called by[^]*shop[^]*POST \/pay/)
  await dock.getByRole('link', { name: 'shop', exact: true }).click()
  await eventually('the caller is shown', async () => /Calls and triggers[^]*stockdb/.test(await dock.innerText()))
  await page.keyboard.press('v')
  await eventually('it is a list', async () => (await page.locator('ul.list li').count()) === 3)
  await dock.getByRole('link', { name: 'Transactions' }).click()
  await eventually('its requests are searched', () => /role%3D%22shop%22/.test(page.url()))
  await unharmed(page)
  await close(page)
})

looks(
  on,
  'kql',
  address('requests | summarize count(), failed = countif(success == false) by bin(timestamp, 1m) | render timechart'),
  (page) => page.waitForSelector('[data-chart] canvas'),
)
looks(on, 'failures', '/failures?from=now-1h', (page) =>
  eventually('rows come', async () => (await rows(page).count()) >= 2),
)
looks(on, 'performance', '/performance?from=now-1h', (page) =>
  eventually('rows come', async () => (await rows(page).count()) >= 2),
)
looks(on, 'map', '/map?from=now-1h&sel=' + encodeURIComponent('role/bank'), (page) =>
  eventually('boxes come', async () => (await page.locator('[data-box]').count()) === 3),
)

// Transactions: found, counted, followed, opened; one from end to end. What strangers
// wrote is text and nothing else.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { markup, operation, startShop } from './insights.lab.mjs'
import { close, eventually, looks, stage } from './lab.mjs'

const on = stage(startShop)

const rows = (page) => page.locator('[role=grid] [role=row]')
const listed = (page) => page.locator('[role=grid]').innerText()
const foot = (page, n) => page.locator('main').getByText(`/ ${n}`)

// unharmed: no text of a stranger became an element.
async function unharmed(page) {
  assert.equal(await page.locator('main img').count(), 0)
  assert.notEqual(await page.title(), 'owned')
}

test('items are filtered by what is typed and by type, and open with all that they say', async () => {
  const page = await on.open('/transactions?from=now-1h')
  await eventually('items are listed', async () => (await rows(page).count()) > 10)
  await eventually('all are counted', async () => (await foot(page, '1,800').count()) === 1)
  assert.ok((await rows(page).count()) <= 60, 'the list is virtual')
  assert.ok((await listed(page)).includes(markup), 'markup is shown as it is')
  await unharmed(page)
  await page.getByRole('radio', { name: /Exceptions/ }).click()
  await eventually('60 exceptions are counted', async () => (await foot(page, '60').count()) === 1)
  assert.match(page.url(), /type(%3A|:)exception/)
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.waitForSelector('[data-item]')
  const dock = page.locator('aside')
  await eventually('its stack is shown', async () => (await dock.innerText()).includes('File "pay.py", line 7, in pay'))
  assert.ok((await dock.innerText()).includes(markup))
  await unharmed(page)
  await dock.getByRole('link', { name: 'End-to-end transaction' }).click()
  await eventually('the operation is shown', () => /\/transactions\/0{26}abc/.test(page.url()))
  await close(page)
})

test('a filter that is wrong is said, with what there is', async () => {
  const page = await on.open('/transactions?q=colour:red')
  await eventually('it is said', async () => /no field "colour"/.test(await page.locator('main').innerText()))
  page.wrong = page.wrong.filter((w) => !w.includes('400'))
  await close(page)
})

test('what comes is shown while it is followed', async () => {
  const page = await on.open('/transactions?q=transaction:buy%20type:request%20name:buy')
  await eventually('items are listed', async () => (await rows(page).count()) > 10)
  await on.lazuli.buy(5000, 5001, () => Date.now())
  await eventually('the new one is there', async () => (await listed(page)).includes('http://shop/buy?q=5000'))
  await close(page)
})

test('an operation is a tree with bars; failures are found in it; a part of it folds', async () => {
  const page = await on.open('/transactions/' + operation(5))
  await eventually('its items are listed', async () => (await rows(page).count()) === 7)
  const text = await listed(page)
  assert.ok(text.includes('SELECT stock') && text.includes('POST /pay') && text.includes('bank.Refused'))
  const wide = await page
    .locator('[role=grid] .track i')
    .evaluateAll((all) => all.map((i) => i.getBoundingClientRect()))
  assert.ok(wide[0].width > 10 * wide[2].width, 'the request is a longer bar than the statement')
  assert.ok(wide[4].left >= wide[3].left && wide[4].right <= wide[3].right + 1, 'what was called is within the call')
  await page.keyboard.press('n')
  await page.waitForSelector('[data-item]')
  assert.match(page.url(), /sel=/)
  await page.keyboard.press('n')
  await page.keyboard.press('Escape')
  await page.locator('button.fold').first().click()
  await eventually('the rest is hidden', async () => (await rows(page).count()) === 2)
  await page.locator('button.fold').first().click()
  await page.getByRole('searchbox').fill('bank.Ref')
  await eventually('one is found', async () => (await page.getByText('1 found').count()) === 1)
  await unharmed(page)
  await close(page)
})

test('an operation that is not there yet is shown once it comes', async () => {
  const page = await on.open('/transactions/' + operation(6000))
  await eventually('it is awaited', async () => /yet, or no longer/.test(await page.locator('main').innerText()))
  await on.lazuli.buy(6000, 6001, () => Date.now())
  await eventually('it comes', async () => (await rows(page).count()) > 5)
  page.wrong = page.wrong.filter((w) => !w.includes('404'))
  await close(page)
})

looks(on, 'transactions', '/transactions?from=now-1h', (page) =>
  eventually('items come', async () => (await rows(page).count()) > 3),
)
looks(on, 'operation', '/transactions/' + operation(10), (page) =>
  eventually('items come', async () => (await rows(page).count()) > 3),
)

// The Functions workplace: what fails looks failing everywhere, one press shows
// why, and a function can be run, turned off and looked through by keyboard.
import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startApps } from './functions.lab.mjs'
import { browse, close, eventually, open, quiet, serious, shot, visit, wide } from './lab.mjs'

let lab, browser
before(async () => {
  lab = await startApps({ tiny: true, wrong: true })
  browser = await browse()
})
after(async () => {
  await browser?.close()
  await lab?.stop()
})

const at = (path) => lab.url + path
const panic = { input: '[{"id":"x","do":"panic"},{"id":"y"}]', batch: true }
const row = (page, name) =>
  page.locator(`[role=treeitem][data-key$="plant/${name}"], [role=treeitem]:has-text("${name}")`).first()
const dock = (page) => page.locator('[data-run]')

test('a panic shows its stack with the lines of code, its input and its log lines', async () => {
  await lab.run('plant/process', panic)
  const page = await open(browser, at('/functions/plant/process/invocations?q=result:failed'))
  await page.locator('[role=row][data-id]').first().click()
  const d = dock(page)
  await d.getByText('panic: asked to').waitFor()
  const stack = d.getByRole('region', { name: 'Stack trace' })
  const text = await stack.innerText()
  assert.match(text, /main\.obey/)
  assert.match(text, /main\.go:\d+ → panic\("asked to"\)/)
  assert.doesNotMatch(text, /runtime\/debug/)
  await d.getByRole('button', { name: /runtime frames/ }).click()
  assert.match(await stack.innerText(), /functions\.\(\*call\)/)
  await d.getByRole('button', { name: /^Input/ }).click()
  await d.getByText('[{"id":"x","do":"panic"},').waitFor()
  await close(page)
})

test('an error of a custom handler in Node shows its stack', async () => {
  await lab.run('edge/broken_median', { input: '' })
  const page = await open(browser, at('/functions/edge/broken_median/failures'))
  await page.locator('[role=row][data-id]').first().click()
  const d = dock(page)
  await d.getByText(/Cannot read properties of undefined/).waitFor()
  assert.match(
    await d.getByRole('region', { name: 'Stack trace' }).innerText(),
    /median\s+handler\.mjs:4 → return samples\[7\]\.value/,
  )
  await close(page)
})

const send = (hub, body) => lab.api('POST', `/api/hubs/default/${hub}/events`, { body })
test('dead letters are listed with their error and body, and are sent again', async () => {
  await rm(join(lab.dir, 'edge/mended'), { force: true })
  await send('kept', '{"plant":"dangjin-02","bad":true}')
  const page = await open(browser, at('/functions/edge/kept/letters'))
  const letters = page.locator('[role=row][data-id]')
  await letters.first().click()
  const side = page.locator('aside.dock')
  await side.getByText('the store is down').waitFor()
  await side.getByText('dangjin-02').waitFor()
  assert.deepEqual(await serious(page), [])
  await quiet(page)
  await shot(page, 'functions-letters')
  await writeFile(join(lab.dir, 'edge/mended'), '')
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Send again' }).click()
  await page.locator('dialog[open], [role=alertdialog]').getByRole('button', { name: 'Send again' }).click()
  await page.getByText('Nothing failed for good').waitFor()
  await close(page)
})

test('an open circuit breaker says so, why and until when, and closes by itself', async () => {
  await rm(join(lab.dir, 'edge/mended'), { force: true })
  for (let i = 0; i < 3; i++) await send('guarded', `{"bad":${i}}`)
  const page = await open(browser, at('/functions/edge/guarded'))
  await page.getByText('The circuit breaker is open').waitFor()
  await page.getByText(/open since \d/).waitFor()
  await page.getByText('the store is down').first().waitFor()
  assert.deepEqual(await serious(page), [])
  await quiet(page)
  await shot(page, 'functions-breaker')
  await writeFile(join(lab.dir, 'edge/mended'), '')
  await page.getByText('closed: everything runs').waitFor()
  await close(page)
})

test('run again gives the same input and opens the new invocation', async () => {
  await lab.run('plant/process', { input: '[{"id":"again-1"},{"id":"again-2"}]', batch: true })
  const page = await open(browser, at('/functions/plant/process/invocations?q=result:ok'))
  await page.locator('[role=row][data-id]').first().click()
  const first = await dock(page).getAttribute('data-run')
  await page.keyboard.press('r')
  await eventually(
    'another invocation',
    async () =>
      (await dock(page)
        .getAttribute('data-run')
        .catch(() => first)) !== first,
  )
  const run = await lab.api(
    'GET',
    `/api/apps/plant/functions/process/runs/${await dock(page).getAttribute('data-run')}`,
  )
  assert.equal(run.input.text, '[{"id":"again-1"},\n{"id":"again-2"}]')
  assert.equal(run.items, 2)
  await close(page)
})

test('the test console answers what curl gets', async () => {
  const { rows } = await lab.api('GET', '/api/lists/apps')
  const app = rows.find((r) => r.id === 'plant').url
  const direct = await fetch(app + '/api/hello/ann?q=7', { method: 'POST', body: 'hi', headers: { 'x-mine': '1' } })
  const body = await direct.text()
  const page = await open(browser, at('/functions/plant/hello/test'))
  await page.getByLabel('Method').selectOption('POST')
  await page.getByLabel('Path and query').fill('/api/hello/ann?q=7')
  await page.getByLabel('Headers').fill('x-mine: 1')
  const editor = page.getByRole('textbox', { name: 'Body' })
  await editor.click()
  await page.keyboard.type('hi')
  await page.keyboard.press('Control+Enter')
  const result = page.getByRole('region', { name: 'Result' })
  await result.locator(`[data-status="${direct.status}"]`).waitFor()
  assert.equal((await result.locator('[data-body] pre').innerText()).trim(), body)
  const shown = Object.fromEntries(
    await result
      .locator('dl.headers dt')
      .evaluateAll((all) => all.map((e) => [e.innerText.toLowerCase(), e.nextElementSibling.innerText])),
  )
  for (const [name, value] of direct.headers) if (name !== 'date') assert.equal(shown[name], value, name)
  await page.getByLabel('Path and query').fill('/api/nowhere')
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await result.locator('[data-status="404"]').waitFor()
  await page.getByLabel('Path and query').fill('/api/hello/ann?do=panic')
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  await result.locator('[data-ok="false"]').waitFor()
  await result.getByRole('region', { name: 'Stack trace' }).getByText('main.hello').waitFor()
  await close(page)
})

test('the test console runs other triggers with their data and tells the failure', async () => {
  const { id } = await lab.run('plant/process', { input: '{"id":"z","do":"fail"}' })
  const page = await open(browser, at('/functions/plant/process/test?again=' + id))
  await page.getByText('"do"').waitFor()
  assert.equal(await page.getByLabel('A list: each element is one item').isChecked(), true)
  await page.getByRole('button', { name: 'Run', exact: true }).click()
  const result = page.getByRole('region', { name: 'Result' })
  await result.getByText('asked to fail').waitFor()
  await close(page)
})

test('failures are grouped by error, and lead to their invocations', async () => {
  for (const how of ['fail', 'fail', 'panic']) await lab.run('plant/each', { input: `{"id":"g","do":"${how}"}` })
  const page = await open(browser, at('/functions/plant/each/invocations?view=errors'))
  const rows = page.locator('[role=row][data-id]')
  await eventually('two groups', async () => (await rows.count()) === 2)
  assert.match(await rows.nth(0).innerText(), /2\s+asked to fail/)
  await rows.nth(0).dblclick()
  await page.waitForURL(/q=group/)
  await eventually('the two invocations', async () => (await page.locator('[role=row][data-id]').count()) === 2)
  await close(page)
})

test('a filter is understood by the server, and a wrong word is told', async () => {
  const page = await open(browser, at('/functions/plant/process/invocations'))
  const bar = page.getByRole('combobox').or(page.locator('.filter input')).first()
  await bar.click()
  await page.keyboard.type('result:failed ')
  await page.keyboard.press('Enter')
  await eventually('only failures', async () => {
    const all = await page.locator('[role=row][data-id]').allInnerTexts()
    return all.length > 0 && all.every((text) => /panic|fail/.test(text))
  })
  await page.goto(at('/functions/plant/process/invocations?q=colour:red'))
  await page
    .getByText(/there is no field colour|colour/)
    .first()
    .waitFor()
  await page.context().close()
})

test('by keyboard alone: from the list to the reason and back', async () => {
  const page = await open(browser, at('/functions/plant/process/invocations?q=result:failed'))
  await page.locator('[role=row][data-id]').first().waitFor()
  await page.getByRole('grid', { name: 'Invocations' }).focus()
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await dock(page)
    .getByText(/asked to/)
    .first()
    .waitFor()
  const first = await dock(page).getAttribute('data-run')
  await page.keyboard.press('Escape')
  await dock(page).waitFor({ state: 'detached' })
  assert.ok(first)
  await page.keyboard.press('g')
  await page.keyboard.press('f')
  await page.waitForURL(/\/functions$/)
  await close(page)
})

test('a function is turned off and on, and the list says so', async () => {
  const page = await open(browser, at('/functions/edge/steady'))
  await page
    .getByRole('button', { name: /More|actions|⋯/i })
    .last()
    .click()
  await page.getByRole('menuitem', { name: 'Turn off' }).click()
  await page.getByText('Off', { exact: true }).first().waitFor()
  const before_ = (await lab.api('GET', '/api/lists/functions?q=edge/steady')).rows[0]
  assert.equal(before_.state, 'off')
  await page.waitForTimeout(2500)
  const later = (await lab.api('GET', '/api/lists/functions?q=edge/steady')).rows[0]
  assert.ok(later.total <= before_.total + 1, `${before_.total} then ${later.total}`)
  await page
    .getByRole('button', { name: /More|actions|⋯/i })
    .last()
    .click()
  await page.getByRole('menuitem', { name: 'Turn on' }).click()
  await eventually(
    'it runs again',
    async () => (await lab.api('GET', '/api/lists/functions?q=edge/steady')).rows[0].total > later.total,
  )
  await close(page)
})

test('a function that cannot run, or gets no requests, says why and waits for nothing', async () => {
  const page = await open(browser, at('/functions/edge/lost'))
  await page.getByText('lost cannot run').waitFor()
  await page.getByText('trigger type questTrigger is not supported yet').waitFor()
  assert.equal(await page.locator('main .overview .skeleton').count(), 0)
  await page.goto(at('/functions/edge/unasked'))
  await page.getByText('unasked gets no requests').waitFor()
  await page.getByText('route "one": function asked answers it already').waitFor()
  await close(page)
})

test('code that does not build heads the page with its place, and the code before runs on', async () => {
  const file = join(lab.dir, 'tiny/hello.go')
  const good = await readFile(file, 'utf8')
  const page = await open(browser, at('/functions/tiny/hello'))
  await writeFile(file, good + '\nvar _ = nowhere\n')
  const head = page.getByRole('alert')
  await head.getByText('The code does not build; the code before it runs on').waitFor({ timeout: 90_000 })
  assert.match(await head.innerText(), /hello\.go:\d+/)
  assert.match(await head.innerText(), /undefined: nowhere/)
  assert.equal((await lab.run('tiny/hello', {})).status, 200)
  await shot(page, 'functions-build')
  await writeFile(file, good)
  await head.waitFor({ state: 'detached', timeout: 90_000 })
  await close(page)
})

test('keys are off on this machine, and the page says what turns them on', async () => {
  const page = await open(browser, at('/functions/plant/hello/keys'))
  await page.getByText('No key is asked for').waitFor()
  await page
    .getByText(/\/api\/hello$/)
    .first()
    .waitFor()
  await close(page)
})

// there is what a tab shows when it has what it is for.
const there = {
  '': '.uplot canvas, main .bars',
  '/invocations': '[role=grid] [role=row][data-id]',
  '/failures': 'main >> text=panic',
  '/test': '[data-editor=ready], main textarea',
  '/logs': 'main [role=grid], main ol, main pre',
  '/keys': 'main h1',
}
for (const [theme, lang] of [
  ['dark', 'en'],
  ['light', 'ko'],
])
  test(`nothing serious for axe, nothing too wide: ${theme}, ${lang}`, { timeout: 300_000 }, () =>
    visit(
      browser,
      lab.url,
      [1440, 1280, 390].map((width) => ({ theme, lang, width, height: 900 })),
      async (page, go, { width }) => {
        const name = `${theme}-${lang}-${width}`
        for (const [tab, shows] of Object.entries(there)) {
          await go('/functions/plant/process' + tab)
          await page.waitForSelector(shows)
          await quiet(page)
          assert.deepEqual(await serious(page), [], tab)
          assert.ok((await wide(page)) <= 0, `${tab}: ${await wide(page)} px too wide`)
          await shot(page, `functions${tab.replace('/', '-') || '-overview'}-${name}`)
        }
        await go('/functions/plant/process/invocations?q=result:failed')
        await page.locator('[role=row][data-id]').first().click()
        await dock(page).waitFor()
        await quiet(page)
        assert.deepEqual(await serious(page), [], 'dock')
        await shot(page, `functions-dock-${name}`)
      },
    ),
  )

test('with a thousand functions the list is a window, is searched and folds', async () => {
  const many = await startApps({ quiet: 1000 })
  try {
    const page = await open(browser, many.url + '/functions/edge/steady')
    await page.getByText('1,011').first().waitFor()
    const nodes = await page.locator('[role=treeitem]').count()
    assert.ok(nodes <= 80, `${nodes} rows are in the document`)
    await page.keyboard.press('/')
    await page.keyboard.type('f777')
    await eventually('one is left', async () => (await page.locator('[role=treeitem]:has-text("f777")').count()) === 1)
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await shot(page, 'functions-1000')
    await close(page)
  } finally {
    await many.stop()
  }
})

// The Data Explorer in a real browser against a real process: a container with
// 100,000 documents, an empty one, and 500 more.
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { end, folder, launch } from './instance.mjs'
import { browse, close, eventually, open, quiet, serious, shot, visit } from './lab.mjs'

const project = `
name: plant
portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
eventHubs: {amqpPort: 0, amqpsPort: 0}
cosmos:
  port: 0
  databases:
    plant_db:
      containers:
        readings: {partitionKey: /plantId}
        sites: {partitionKey: /region, defaultTtl: 86400, uniqueKeys: [[/name]]}
        empty: {partitionKey: /deviceId}
functions: {port: 0}
`
const many = Number(process.env.DOCUMENTS ?? 100_000)
const cities = ['Seoul', 'Busan', '당진', 'Jeju', 'Gangwon']
let lazuli, browser

const api = (path) => lazuli.url + '/api/accounts/default/databases/plant_db/containers/' + path
const json = (method, url, body) =>
  fetch(url, { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
const item = (container, id, key) =>
  fetch(api(`${container}/item?id=${id}&key=${encodeURIComponent(JSON.stringify([key]))}`)).then((r) => r.json())
const page = (path, options) => open(browser, lazuli.url + '/data/default/plant_db/' + path, options)

async function upload(container, name, lines) {
  const r = await fetch(api(`${container}/import?name=${name}`), {
    method: 'POST',
    headers: { 'Content-Type': 'application/octet-stream' },
    body: lines,
  })
  const { task } = await r.json()
  await eventually(
    'the import',
    async () => {
      const t = (await (await fetch(lazuli.url + '/api/tasks')).json()).find((t) => t.id === task)
      assert.notEqual(t.state, 'bad', t.error)
      return t.state === 'ok'
    },
    120_000,
  )
}

before(
  async () => {
    const dir = await folder()
    await writeFile(join(dir, 'lazuli.yaml'), project)
    lazuli = { dir, ...(await launch(dir)) }
    browser = await browse()
    const rows = []
    for (let i = 0; i < many; i++)
      rows.push(
        `{"id":"r-${String(i).padStart(6, '0')}","plantId":"${['dangjin-02', 'jeju-fleet', 'sejong-01'][i % 3]}","city":"${cities[i % 5]}","TempC":${(20 + (i % 400) / 10).toFixed(2)},"powerKw":${(i * 7) % 1900},"inverters":[{"id":"A1","ok":true},{"id":"A2","ok":${i % 7 > 0}}],"takenAt":"2026-11-29T${String(i % 24).padStart(2, '0')}:00:00Z"}`,
      )
    await upload('readings', 'readings.ndjson', rows.join('\n'))
    await upload(
      'sites',
      'sites.json',
      JSON.stringify([
        { id: 's1', region: 'Jeju', name: 'Jeju fleet', Note: 'ok\u202ecod', exact: 1, long: 'x'.repeat(9000) },
        { id: 's2', region: 'Seoul', name: 'Han river' },
      ]).replace('"exact":1', '"exact":1.50,"big":12345678901234567890'),
    )
  },
  { timeout: 240_000 },
)

after(async () => {
  await browser?.close()
  if (lazuli) await end(lazuli.dir, [lazuli.up])
})

const grid = (p) => p.getByRole('grid')
const rowsOf = (p) => p.locator('[role=row][data-id]')
const foot = async (p) => (await p.locator('.table footer').first().textContent()).replace(/\s+/g, ' ')

test('100,000 documents: listed at once, paged by scrolling, few in the document', async () => {
  const p = await page('readings/items')
  await eventually('rows', async () => (await rowsOf(p).count()) > 10)
  assert.match(await foot(p), new RegExp('of ' + many.toLocaleString('en-GB')))
  assert.match(await rowsOf(p).first().textContent(), /r-\d+99999|r-\d+/)
  const began = Date.now()
  await grid(p).focus()
  for (let i = 0; i < 40; i++) await p.keyboard.press('PageDown')
  await eventually(
    'the fifth page',
    async () => Number(/(\d+) of/.exec((await foot(p)).replaceAll(',', ''))?.[1]) > 300,
  )
  assert.ok(Date.now() - began < 30_000, 'paging is slow')
  assert.ok((await rowsOf(p).count()) <= 60)
  assert.deepEqual(await serious(p), [])
  await shot(p, 'data-items-dark-1440')
  await close(p)
})

test('a filter is counted, opens as a query, and is kept in the address; names keep their letters', async () => {
  const p = await page('readings/items?q=' + encodeURIComponent('city:당진 TempC>40'))
  await eventually('the count', async () => /of \d/.test((await foot(p)).replaceAll(',', '')))
  const n = Number(/of ([\d,]+)/.exec(await foot(p))[1].replaceAll(',', ''))
  const want = (await (await fetch(api('readings/count?q=' + encodeURIComponent('city:당진 TempC>40')))).json()).count
  assert.equal(n, want)
  const heads = await p.getByRole('columnheader').allInnerTexts()
  assert.ok(heads.includes('TempC') && heads.includes('plantId') && heads.includes('powerKw'), heads.join())
  await p.getByRole('columnheader', { name: 'TempC' }).click()
  await eventually('sorted', async () => p.url().includes('sort=') && /RU/.test(await foot(p)))
  await p.getByRole('button', { name: 'Open as a query' }).click()
  await p.waitForURL(/\/query\?tab=q\d/)
  await eventually('the text', async () =>
    (await p.locator('.editor').first().evaluate(shadowText)).includes('c["TempC"] > 40'),
  )
  await close(p)
})

// shadowText is an editor's text: it lives in a shadow root.
function shadowText(node) {
  const all = (n) => [n, ...[...n.querySelectorAll('*')].map((c) => c.shadowRoot).filter(Boolean)]
  for (const root of all(node)) {
    const c = root.querySelector?.('.cm-content')
    if (c) return [...c.querySelectorAll('.cm-line')].map((l) => l.textContent).join('\n')
    const area = root.querySelector?.('textarea')
    if (area) return area.value
  }
  return ''
}

// saveUntil presses Ctrl+S until something is there: on a busy machine the keys
// can come before the editor has read what was put into it at once.
async function saveUntil(p, there) {
  await eventually('what saving leads to', async () => {
    await p.keyboard.press('Control+s')
    return there.isVisible()
  })
}

// type replaces what an editor holds, once it has taken the place of the plain text
// area: what is pressed in between finds neither.
async function type(p, name, text) {
  const box = p.getByRole('textbox', { name })
  await p.locator('[data-editor=ready]').filter({ has: box }).waitFor()
  await box.click()
  await p.keyboard.press('Control+a')
  await p.keyboard.press('Delete')
  await p.keyboard.insertText(text)
}

test('a query by keyboard only: error with its place, last result stays, then table, plan and history', async () => {
  const p = await page('readings/query')
  await p.getByRole('textbox', { name: 'Cosmos SQL query' }).waitFor()
  await type(p, 'Cosmos SQL query', 'SELECT TOP 3 c.id, c.TempC FROM c WHERE c.plantId = "jeju-fleet"')
  await p.keyboard.press('Control+Enter')
  await eventually('three rows', async () => (await rowsOf(p).count()) === 3)
  assert.match(await p.locator('.facts').textContent(), /3 rows · [\d.]+ RU · [\d.,]+ ms · one partition/)
  await type(p, 'Cosmos SQL query', 'SELECT c.id\nFROM c\nWHERE c.TempC >> ')
  p.wrong = []
  await p.keyboard.press('Control+Enter')
  const alert = p.getByRole('alert')
  await alert.waitFor()
  assert.match(await alert.textContent(), /3/)
  assert.equal(await rowsOf(p).count(), 3, 'the last result is gone')
  await p.getByText('The rows below are of the run before').waitFor()
  assert.ok(
    p.wrong.every((w) => /400/.test(w)),
    p.wrong.join(),
  )
  p.wrong = []
  await shot(p, 'data-query-error-dark-1440')

  // The draft outlives a reload.
  await p.reload()
  await eventually('the draft', async () =>
    (await p.locator('.editor').first().evaluate(shadowText)).includes('c.TempC >>'),
  )

  await type(p, 'Cosmos SQL query', 'SELECT VALUE COUNT(1) FROM c')
  await p.keyboard.press('Control+Enter')
  await eventually('the count', async () => (await rowsOf(p).first().textContent())?.includes(String(many)))
  await p
    .getByRole('radio', { name: 'Plan' })
    .or(p.getByRole('button', { name: 'Plan', exact: true }))
    .first()
    .click()
  await p.getByText('Request charge').waitFor()
  await shot(p, 'data-plan-dark-1440')
  await p.getByRole('button', { name: 'History' }).click()
  await p.getByRole('dialog').getByText('SELECT TOP 3 c.id').waitFor()
  await shot(p, 'data-history-dark-1440')
  await p.keyboard.press('Escape')
  assert.equal(await p.getByRole('dialog').count(), 0, 'Escape does not close')
  await close(p)
})

test('an item: chip, digits, position of what is no JSON, conflict with both sides, Escape, draft', async () => {
  const p = await page('sites/items')
  await eventually('rows', async () => (await rowsOf(p).count()) === 2)
  await rowsOf(p).filter({ hasText: 's1' }).click()
  await p.getByText('RLO U+202E').first().waitFor()
  const dock = p.locator('aside.dock')
  await dock.getByText('12345678901234567890').waitFor()
  assert.ok((await dock.textContent()).includes('1.50'))
  assert.deepEqual(await serious(p), [])
  await shot(p, 'data-item-dark-1440')

  await p.keyboard.press('Escape')
  await eventually('Escape closes', async () => !p.url().includes('sel='))
  await rowsOf(p).filter({ hasText: 's2' }).click()
  await dock.getByText('Han river').waitFor()
  await p.keyboard.press('e')
  await type(p, 'The item as JSON', '{\n  "id": "s2",\n  "region": Seoul\n}')
  await saveUntil(p, dock.getByRole('alert').first())
  assert.match(await dock.getByRole('alert').first().textContent(), /Line 3, column 13/)
  assert.equal(await dock.getByText(/^Saved/).count(), 0)

  // What was typed is there after a reload.
  await p.reload()
  await eventually('the draft', async () => (await dock.evaluate(shadowText)).includes('"region": Seoul'))

  // Somebody is faster.
  const now = await item('sites', 's2', 'Seoul')
  await json('PUT', api('sites/items?etag=' + encodeURIComponent(now.etag)), {
    id: 's2',
    region: 'Seoul',
    name: 'Han river',
    by: 'somebody',
  })
  await type(p, 'The item as JSON', '{"id":"s2","region":"Seoul","name":"Han river","by":"me"}')
  await saveUntil(p, dock.getByText('Somebody changed the item meanwhile').first())
  assert.match((await item('sites', 's2', 'Seoul')).text, /somebody/)
  await shot(p, 'data-conflict-dark-1440')
  await dock.getByRole('button', { name: 'Save mine over it' }).click()
  await dock.getByText(/^Saved/).waitFor()
  assert.match((await item('sites', 's2', 'Seoul')).text, /"by":"me"/)

  // Saved never stands beside a later error.
  await type(p, 'The item as JSON', '{"id":"s2","region":"Seoul","name":"Jeju fleet","ttl":"x"}')
  await saveUntil(p, dock.getByRole('alert').first())
  assert.equal(await dock.getByText(/^Saved/).count(), 0)
  assert.ok(
    p.wrong.every((w) => /4\d\d/.test(w)),
    p.wrong.join(),
  )
  p.wrong = []
  await close(p)
})

test('an item is made, deleted, and brought back', async () => {
  const p = await page('empty/items')
  await p.getByText('No item yet').waitFor()
  await p.getByText('lazuli query').first().waitFor()
  await shot(p, 'data-empty-dark-1440')
  await p.getByRole('button', { name: 'Edit and save it' }).click()
  await p.getByRole('textbox', { name: 'The item as JSON' }).waitFor()
  await p.locator('aside.dock').getByRole('button', { name: 'Save' }).click()
  await eventually('it is there', async () => (await item('empty', 'new-item', 'value')).id === 'new-item')
  await eventually('listed', async () => (await rowsOf(p).count()) === 1)
  await p.locator('aside.dock').getByRole('button', { name: 'More actions' }).click()
  await p.getByRole('menuitem', { name: 'Delete the item' }).click()
  await eventually('it is gone', async () => (await item('empty', 'new-item', 'value')).kind === 'not found')
  await p.getByRole('button', { name: 'Undo' }).click()
  await eventually('it is back', async () => (await item('empty', 'new-item', 'value')).id === 'new-item')
  await close(p)
})

test('the change feed is followed', async () => {
  const p = await page('sites/changes')
  await p.getByText('Waiting for a change').waitFor()
  await eventually('a change', async () => {
    await json('POST', api('sites/items'), { id: 'c' + Date.now(), region: 'Busan', name: 'n' + Date.now() })
    return (await rowsOf(p).count()) > 0
  })
  await p.getByRole('button', { name: 'Live', exact: true }).click()
  const n = await rowsOf(p).count()
  const id = 'p' + Date.now()
  await json('POST', api('sites/items'), { id, region: 'Busan', name: id })
  await new Promise((r) => setTimeout(r, 1200))
  assert.equal(await rowsOf(p).count(), n)
  await p.getByRole('button', { name: 'Resume' }).first().click()
  await eventually('nothing was lost', async () => (await grid(p).textContent()).includes(id))
  assert.deepEqual(await serious(p), [])
  await shot(p, 'data-changes-dark-1440')
  await close(p)
})

test('a container is made with its settings, changed, and deleted by its name', async () => {
  const p = await page('sites/settings')
  await p.getByRole('heading', { name: 'Indexing policy' }).waitFor()
  assert.deepEqual(await serious(p), [])
  await shot(p, 'data-settings-dark-1440')
  await p.getByRole('button', { name: 'Create a database or a container' }).click()
  await p.getByLabel('Name of the container').fill('made')
  await p.getByRole('textbox', { name: 'Partition key' }).fill('/a\n/b')
  await shot(p, 'data-create-dark-1440')
  await p.getByRole('dialog').getByRole('button', { name: 'Create', exact: true }).click()
  await p.waitForURL(/plant_db\/made\/items/)
  const made = await (await fetch(api('made/settings'))).json()
  assert.deepEqual(made.resource.partitionKey.paths, ['/a', '/b'])
  await p.locator('main header.head').getByRole('button', { name: 'More actions' }).click()
  await p.getByRole('menuitem', { name: 'Delete the container' }).click()
  const dialog = p.getByRole('alertdialog')
  await dialog.getByRole('textbox').fill('made')
  await dialog.getByRole('button', { name: 'Delete' }).click()
  await eventually('gone', async () => (await fetch(api('made/settings'))).status === 404)
  await close(p)
})

test('a file goes in and comes out', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'lazuli-data-'))
  const file = join(dir, 'more.csv')
  await writeFile(file, 'id,deviceId,n\nx1,d,7\nx2,d,8\n')
  const p = await page('empty/items')
  await p.locator('main header.head').getByRole('button', { name: 'More actions' }).click()
  await p.getByRole('menuitem', { name: 'Import' }).click()
  await p.getByLabel('File').setInputFiles(file)
  await p.getByRole('dialog').getByRole('button', { name: 'Import' }).click()
  await eventually('imported', async () => /"n":8/.test((await item('empty', 'x2', 'd')).text ?? ''))
  await rm(dir, { recursive: true })
  await p.getByRole('button', { name: 'Export' }).click()
  await p.getByRole('menuitem', { name: 'Export as NDJSON' }).click()
  let done
  await eventually('exported', async () => {
    done = (await (await fetch(lazuli.url + '/api/tasks')).json()).find((t) => t.kind === 'export' && t.state === 'ok')
    return done
  })
  const lines = (await (await fetch(lazuli.url + done.result)).text()).trim().split('\n')
  const count = (await (await fetch(api('empty/count?q='))).json()).count
  assert.equal(lines.length, count)
  await close(p)
})

test('500 containers are found by their name', async () => {
  for (let i = 0; i < 500; i += 50)
    await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        json('POST', lazuli.url + '/api/accounts/default/databases/plant_db/containers', {
          resource: { id: 'archive-' + String(i + n).padStart(3, '0'), partitionKey: { paths: ['/id'], version: 2 } },
        }).then((r) => assert.equal(r.status, 201)),
      ),
    )
  const p = await page('readings/items')
  await eventually('all of them', async () => /50[3-9]/.test(await p.locator('.list').first().textContent()))
  assert.ok((await p.locator('.list [role=treeitem]').count()) < 80)
  await p.getByPlaceholder('Filter containers').fill('archive-417')
  await p.getByRole('treeitem', { name: /archive-417/ }).waitFor()
  await shot(p, 'data-500-dark-1440')
  await p.getByRole('treeitem', { name: /archive-417/ }).click()
  await p.waitForURL(/archive-417/)
  await close(p)
})

const looks = [
  { theme: 'light', lang: 'ko', width: 1440, height: 900 },
  { theme: 'light', lang: 'en', width: 1280, height: 900 },
  { theme: 'dark', lang: 'ko', width: 1280, height: 900 },
  { theme: 'dark', lang: 'en', width: 390, height: 844 },
  { theme: 'light', lang: 'ko', width: 390, height: 844 },
]
for (const lang of ['ko', 'en'])
  test(`pictures: ${lang}`, { timeout: 300_000 }, () =>
    visit(
      browser,
      lazuli.url,
      looks.filter((l) => l.lang === lang),
      async (p, go, { theme, width }) => {
        for (const [path, what] of [
          ['readings/items', 'items'],
          ['sites/items', 'item'],
          ['readings/query', 'query'],
          ['sites/settings', 'settings'],
        ]) {
          await go('/data/default/plant_db/' + path)
          if (what === 'query')
            await p.getByRole('button', { name: lang === 'ko' ? '실행' : 'Run', exact: true }).click()
          if (what !== 'settings') await eventually('rows', async () => (await rowsOf(p).count()) > 1)
          if (what === 'item') {
            await rowsOf(p).filter({ hasText: 's1' }).click()
            await p.getByText('RLO U+202E').first().waitFor()
          }
          await quiet(p)
          assert.deepEqual(await serious(p), [], what)
          await shot(p, `data-${what}-${theme}-${lang}-${width}`)
        }
      },
    ),
  )

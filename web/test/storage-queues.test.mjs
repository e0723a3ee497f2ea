// Queues and tables of a storage account in a real browser against a real process:
// 500 queues, a poison queue, a table of 100,000 entities.
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { end, folder, launch } from './instance.mjs'
import { close, eventually, quiet, serious, shot, stage, visit, wide } from './lab.mjs'

const project = `
name: pictures
portal: {port: 0}
identity: {port: 0}
cosmos: {port: 0}
eventHubs: {amqpPort: 0, amqpsPort: 0}
functions: {port: 0}
storage:
  blobPort: 0
  queuePort: 0
  tablePort: 0
  queues: [thumbnail-requests, thumbnail-requests-poison]
  tables: [Devices]
`
const many = Number(process.env.ENTITIES ?? 100_000)
const account = 'devstoreaccount1'
const base = () => `${on.lazuli.url}/api/storage/${account}`
const send = (method, path, body) =>
  fetch(base() + path, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  })
const put = async (queue, text, more = {}) => {
  const r = await send('POST', `/queues/${queue}/messages`, { text, base64: true, delay: 0, ttl: 0, ...more })
  assert.equal(r.status, 201, await r.clone().text())
  return r.json()
}
const messages = async (queue) => (await send('GET', `/queues/${queue}/messages`)).json()
const entity = async (table, pk, rk) => (await send('GET', `/tables/${table}/entity?pk=${pk}&rk=${rk}`)).json()
const write = (table, partitionKey, rowKey, properties, how = 'upsert') =>
  send('PUT', `/tables/${table}/entity`, { how, etag: '', partitionKey, rowKey, properties })

async function seed(url) {
  on.lazuli = { url } // for the calls
  const names = Array.from({ length: 500 }, (_, i) => `orders-${String(i).padStart(3, '0')}`)
  for (let i = 0; i < names.length; i += 25)
    await Promise.all(
      names.slice(i, i + 25).map(async (name, n) => {
        await send('POST', '/queues', { name, metadata: [] })
        if ((i + n) % 7 === 0) await put(name, `{"order":${i + n}}`)
      }),
    )
  const cities = ['busan', 'dangjin', 'gangwon', 'jeju', 'seoul']
  let lines = ''
  for (let i = 0; i < many; i++) {
    const per = Math.ceil(many / cities.length)
    const n = i % per
    lines += `{"PartitionKey":"${cities[Math.floor(i / per)]}","RowKey":"device-${String(n).padStart(6, '0')}","temperature":${(15 + (n % 300) / 10 + 0.05).toFixed(2)},"active":${n % 3 > 0},"firmware":"v${1 + (n % 4)}.${n % 10}","readings@odata.type":"Edm.Int64","readings":"${n * 1000003}","seenAt@odata.type":"Edm.DateTime","seenAt":"2026-11-29T${String(n % 24).padStart(2, '0')}:15:00Z"}\n`
  }
  const r = await fetch(base() + '/tables/Devices/import', {
    method: 'POST',
    headers: { 'Content-Type': 'application/octet-stream' },
    body: lines,
  })
  assert.equal((await r.json()).written, many)
  for (let i = 0; i < 140; i++)
    await put('thumbnail-requests-poison', JSON.stringify({ blob: `notes/photo-${i}.jpg`, width: 160, try: i }))
  await put('thumbnail-requests', JSON.stringify({ blob: 'notes/hello.jpg', width: 320, city: '당진' }))
  await put('thumbnail-requests', 'plain ok\u202ecod <b>text</b>', { base64: false })
  await put('thumbnail-requests', 'for later', { delay: 3600, ttl: -1 })
}

const on = stage(async () => {
  const dir = await folder()
  await writeFile(join(dir, 'lazuli.yaml'), project)
  const lazuli = { dir, ...(await launch(dir)) }
  await seed(lazuli.url)
  return { ...lazuli, stop: () => end(dir, [lazuli.up]) }
})
// What the browser says of an answer that was to be a refusal is no fault.
function refusedOnly(page, status) {
  assert.deepEqual(
    page.wrong.filter((w) => !w.includes(String(status))),
    [],
  )
  page.wrong = []
}
const queue = (name, more = '') => `/storage/${account}/queues/${name}${more}`
const table = (name, more = '') => `/storage/${account}/tables/${name}${more}`
const rows = (page) => page.locator('[role=grid] .row')

test('500 queues: the poison queue is marked and knows its source, and the list filters', async () => {
  const page = await on.open(`/storage/${account}/queues`)
  const grid = page.getByRole('grid')
  await grid.getByText('orders-000').waitFor()
  assert.ok((await rows(page).count()) <= 60)
  await page.getByRole('columnheader', { name: 'Messages', exact: true }).click()
  const first = rows(page).first()
  await first.getByText('thumbnail-requests-poison').waitFor()
  assert.match(await first.textContent(), /Poison.*140.*From thumbnail-requests/)
  await first.getByRole('link').click()
  await page.waitForURL('**' + queue('thumbnail-requests'))
  await page.getByRole('link', { name: '140 poison messages' }).first().waitFor()
  await close(page)
})

test('messages are looked at, put and deleted', async () => {
  const page = await on.open(queue('thumbnail-requests'))
  await page.getByText('hello.jpg').waitFor()
  const text = await page.getByRole('grid').textContent()
  assert.ok(text.includes('당진') && text.includes('RLO U+202E') && text.includes('<b>text</b>'))
  assert.equal(await page.locator('[role=grid] b').count(), 0)

  await page.getByText('hello.jpg').click()
  const dock = page.getByRole('complementary').last()
  await page.getByText('Base64 of a text, shown decoded').waitFor()
  await page.getByRole('radio', { name: 'As stored' }).click()
  await page.getByText(Buffer.from('{"blob":"notes/hello.jpg"').toString('base64').slice(0, 30)).waitFor()
  assert.ok(await dock.count())

  await page.getByRole('button', { name: 'Put message' }).first().click()
  const drawer = page.getByRole('dialog')
  await quiet(page)
  await drawer.getByRole('textbox', { name: 'Text' }).click()
  await page.keyboard.press('Control+a')
  await page.keyboard.type('from the portal')
  await drawer.getByRole('radio', { name: 'Text', exact: true }).click()
  await drawer.getByLabel('Expires').selectOption('never')
  await drawer.getByRole('button', { name: 'Put message' }).click()
  await page.getByRole('grid').getByText('from the portal').waitFor()
  const stored = (await messages('thumbnail-requests')).rows.find((m) => m.text === 'from the portal')
  assert.equal(stored.encoding, 'text')
  assert.equal(stored.expires, 0)

  await page.getByRole('grid').getByText('from the portal').click()
  await page.getByText(stored.id).first().waitFor()
  await page.getByRole('region').or(dock).first().waitFor()
  await page.locator('.message .bar').getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('menuitem', { name: 'Delete message' }).click()
  await eventually(
    'the message is gone',
    async () => !(await messages('thumbnail-requests')).rows.some((m) => m.id === stored.id),
  )
  await close(page)
})

test('a queue is made, filled and cleared after a question', async () => {
  const page = await on.open(`/storage/${account}/queues?do=create`)
  const drawer = page.getByRole('dialog')
  await drawer.getByLabel('Name of the queue').fill('Bad Name')
  await drawer.getByRole('button', { name: 'Create' }).click()
  await drawer
    .getByText(/lower-case letters, digits, and single hyphens between them/)
    .nth(1)
    .waitFor()
  await drawer.getByLabel('Name of the queue').fill('fresh')
  await drawer.getByRole('button', { name: 'Add metadata' }).click()
  await drawer.getByLabel('Name', { exact: true }).fill('owner')
  await drawer.getByLabel('Value', { exact: true }).fill('ops')
  await drawer.getByRole('button', { name: 'Create' }).click()
  await page.waitForURL('**' + queue('fresh'))
  await page.getByText('No messages').waitFor()
  for (const text of ['one', 'two', 'three']) await put('fresh', text)
  await page.getByRole('grid').getByText('one').waitFor() // what comes into an empty list is shown
  await page
    .getByRole('tab', { name: 'Settings' })
    .or(page.getByRole('link', { name: 'Settings' }))
    .last()
    .click()
  await page.waitForURL('**/fresh/settings')
  assert.equal(await page.getByLabel('Value', { exact: true }).inputValue(), 'ops')
  await page.locator('header, main').getByRole('button', { name: 'Actions' }).first().click()
  await page.getByRole('menuitem', { name: 'Clear queue' }).click()
  const ask = page.getByRole('alertdialog')
  await ask.getByText('All messages of fresh (3)').waitFor()
  await ask.getByRole('button', { name: 'Clear queue' }).click()
  await eventually('it is empty', async () => (await messages('fresh')).total === 0)
  refusedOnly(page, 400)
  await close(page)
})

test('poison messages go back: chosen ones, and all', async () => {
  const page = await on.open(queue('thumbnail-requests-poison'))
  await rows(page).first().waitFor()
  for (const i of [0, 1]) await rows(page).nth(i).getByRole('checkbox').check()
  await page.getByRole('button', { name: 'Move 2 back' }).click()
  await page.getByText('2 moved back to thumbnail-requests').waitFor()
  assert.equal((await messages('thumbnail-requests-poison')).total, 138)
  await page.getByRole('button', { name: 'Move all back' }).first().click()
  await page.getByRole('dialog').getByRole('button', { name: 'Move all back' }).click()
  await eventually('all are back', async () => (await messages('thumbnail-requests-poison')).total === 0)
  assert.equal((await messages('thumbnail-requests')).total, 143)
  await close(page)
})

test('a table of 100,000 is queried, and a mistake is shown where it is', async () => {
  const page = await on.open(table('Devices'))
  await rows(page).first().waitFor()
  assert.ok((await rows(page).count()) <= 60)
  for (const name of ['PartitionKey', 'RowKey', 'temperature', 'readings', 'seenAt'])
    await page.getByRole('columnheader', { name, exact: true }).waitFor()
  const filter = page.getByRole('textbox', { name: 'Filter', exact: true })
  await filter.fill("firmware eq 'v1.0' andd temperature gt 40")
  await filter.press('Enter')
  const fault = page.getByRole('alert')
  await fault.getByText('Position 20').waitFor()
  assert.deepEqual(await serious(page), [])
  await shot(page, 'storage-mistake-dark-en-1440')
  assert.equal(await fault.locator('mark').textContent(), 'andd')
  assert.ok((await rows(page).count()) > 5) // what was there stays
  await fault.getByRole('button').click()
  assert.equal(await filter.evaluate((e) => e.value.slice(e.selectionStart, e.selectionEnd)), 'andd')

  await filter.fill('temperature ge 44 and active eq true')
  await filter.press('Enter')
  await fault.waitFor({ state: 'detached' })
  await page.getByRole('textbox', { name: 'PartitionKey' }).fill('jeju')
  await page.keyboard.press('Enter')
  await eventually('only those', async () => {
    const all = await rows(page).allTextContents()
    return all.length > 0 && all.every((r) => r.includes('jeju') && r.includes('44.'))
  })
  assert.match(page.url(), /q=temperature/)
  await page.getByRole('textbox', { name: 'RowKey' }).fill('device-000299')
  await page.keyboard.press('Enter')
  await eventually('one', async () => (await rows(page).count()) === 1)
  refusedOnly(page, 400)
  await close(page)
})

test('an entity is edited with types; who was faster is shown', async () => {
  await send('POST', '/tables', { name: 'Edited' })
  await write('Edited', 'p', 'r', [
    { name: 'note', type: 'Edm.String', value: 'ok\u202ecod' },
    { name: 'big', type: 'Edm.Int64', value: '9007199254740993' },
  ])
  const page = await on.open(table('Edited'))
  await rows(page).first().click()
  await page.getByRole('textbox', { name: 'Value big' }).waitFor()
  await page.getByText('RLO U+202E').first().waitFor()
  await page.getByRole('textbox', { name: 'Value big' }).fill('9223372036854775808')
  await page.getByText('A whole number from').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Save', exact: true }).getAttribute('aria-disabled'), 'true')
  await page.getByRole('textbox', { name: 'Value big' }).fill('9007199254740995')
  await page.getByRole('button', { name: 'Add property' }).click()
  await page.getByRole('textbox', { name: 'Name of the property' }).last().fill('at')
  await page.getByRole('combobox', { name: 'Type at' }).selectOption('Edm.DateTime')
  await page.getByRole('textbox', { name: 'Value at' }).fill('2026-11-29T14:28:03Z')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Saved ').waitFor()
  const saved = await entity('Edited', 'p', 'r')
  assert.deepEqual(
    saved.properties.map((p) => `${p.name} ${p.type} ${p.value}`),
    ['note Edm.String ok\u202ecod', 'big Edm.Int64 9007199254740995', 'at Edm.DateTime 2026-11-29T14:28:03.0000000Z'],
  )

  await write('Edited', 'p', 'r', [{ name: 'big', type: 'Edm.Int64', value: '7' }])
  await page.getByRole('textbox', { name: 'Value note' }).fill('mine')
  await page.keyboard.press('Control+s')
  await page.getByRole('alert').getByText('Somebody changed this entity meanwhile').waitFor()
  await quiet(page)
  assert.equal((await entity('Edited', 'p', 'r')).properties.length, 1)
  await page.getByRole('button', { name: 'Take theirs' }).click()
  assert.equal(await page.getByRole('textbox', { name: 'Value big' }).inputValue(), '7')
  await write('Edited', 'p', 'r', [{ name: 'big', type: 'Edm.Int64', value: '8' }])
  await page.getByRole('textbox', { name: 'Value big' }).fill('9')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByRole('button', { name: 'Save mine' }).click()
  await eventually('mine', async () => (await entity('Edited', 'p', 'r')).properties[0].value === '9')

  await page.locator('.entity .bar').getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('menuitem', { name: 'Delete entity' }).click()
  await page.getByText('No entities').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await eventually('it is back', async () => (await entity('Edited', 'p', 'r')).properties?.[0].value === '9')
  refusedOnly(page, 412)
  await close(page)
})

test('the answer to a filter is exported, and the file imported', async () => {
  const page = await on.open(table('Devices', '?pk=jeju&q=' + encodeURIComponent('temperature gt 44.9')))
  await rows(page).first().waitFor()
  await page.locator('.table .bar').getByRole('button', { name: 'Export' }).click()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: 'Export as lines of JSON' }).click(),
  ])
  const file = join(on.lazuli.dir, 'devices.ndjson')
  await download.saveAs(file)
  const lines = (await readFile(file, 'utf8')).trim().split('\n')
  assert.ok(lines.length > 10 && lines.every((l) => JSON.parse(l).temperature > 44.9))

  await page.goto(`${on.lazuli.url}/storage/${account}/tables?do=create`)
  await page.getByRole('dialog').getByLabel('Name of the table').fill('Copy')
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click()
  await page.getByText('No entities').waitFor()
  await page.getByRole('button', { name: 'Import lines of JSON' }).click()
  const drawer = page.getByRole('dialog')
  await drawer.getByLabel('Choose a file').last().setInputFiles(file)
  await drawer.getByRole('button', { name: 'Import', exact: true }).click()
  await drawer.getByText(`${lines.length} written`).waitFor()
  await drawer.getByRole('button', { name: 'Close' }).last().click()
  await rows(page).first().waitFor()
  assert.equal((await entity('Copy', 'jeju', JSON.parse(lines[0]).RowKey)).properties.length, 5)
  await close(page)
})

test('by keyboard alone: from the list to a message and back, and an entity added', async () => {
  const page = await on.open(queue('thumbnail-requests'))
  await rows(page).first().waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.waitForURL('**sel=**')
  await page.getByText('Message ID').first().waitFor()
  await page.keyboard.press('Escape')
  await page.waitForURL((u) => !u.search.includes('sel='))
  await page.goto(on.lazuli.url + table('Edited'))
  await rows(page).first().waitFor()
  await page.getByRole('button', { name: 'New entity' }).first().focus()
  await page.keyboard.press('Enter')
  const rk = page.locator('.entity').getByRole('textbox', { name: 'RowKey' })
  await rk.waitFor()
  await rk.focus()
  await page.keyboard.type('by-key')
  await page.keyboard.press('Control+s')
  await eventually('it is there', async () => (await entity('Edited', 'p', 'by-key')).rowKey === 'by-key')
  await close(page)
})

// Each page in some theme, language and width; all of these occur.
const sights = {
  'storage-queues': [`/storage/${account}/queues`, (page) => rows(page).first().waitFor()],
  'storage-messages': [
    queue('thumbnail-requests'),
    async (page) => {
      await rows(page).first().click()
      await page.locator('.message').waitFor()
    },
  ],
  'storage-entities': [
    table('Devices', '?q=temperature%20gt%2030&pk=jeju'),
    async (page) => {
      await rows(page).nth(3).click()
      await page.locator('.entity .property').first().waitFor()
    },
  ],
}
test('they look right in both themes, both languages, at three widths', { timeout: 300_000 }, () =>
  visit(
    on.browser,
    on.lazuli.url,
    [
      { lang: 'en', theme: 'dark', width: 1440, height: 900 },
      { lang: 'ko', theme: 'light', width: 1280, height: 800 },
      { lang: 'ko', theme: 'dark', width: 390, height: 844 },
    ],
    async (page, go, look) => {
      for (const [name, [path, there]] of Object.entries(sights)) {
        await go(path)
        await there(page)
        await quiet(page)
        assert.equal(await wide(page), 0, name)
        assert.deepEqual(await serious(page), [], `${name} ${JSON.stringify(look)}`)
        await shot(page, `${name}-${look.theme}-${look.lang}-${look.width}`)
      }
    },
  ),
)

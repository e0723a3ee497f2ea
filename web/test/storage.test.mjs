// Blobs in the portal, in a real browser against a real process.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { deflateSync } from 'node:zlib'
import { run } from './instance.mjs'
import { close, eventually, looks, quiet, serious, stage } from './lab.mjs'

const project = `
name: plant
portal: {port: 0}
identity: {port: 0}
storage:
  blobPort: 0
  queuePort: 0
  tablePort: 0
  containers: [photos, inbox, many, doomed]
  accounts: {contososa: {containers: [deployments], isVersioningEnabled: true}}
eventHubs: {amqpPort: 0, amqpsPort: 0}
cosmos: {port: 0}
functions: {port: 0}
`
const many = Number(process.env.BLOBS ?? 700)
const page = many > 5000 ? 5000 : 300
const boxes = Number(process.env.BOXES ?? 60)
const odd = '<img src=x onerror=alert(1)>.txt'

const base = (account = 'devstoreaccount1') => on.lazuli.url + `/api/storage/${account}/containers`
const blobAt = (box, name, step = '') => `${base()}/${box}/blob${step && '/' + step}?` + new URLSearchParams({ name })
const octets = { 'Content-Type': 'application/octet-stream' }
async function put(box, name, body, type = '') {
  const r = await fetch(blobAt(box, name) + '&' + new URLSearchParams({ type, overwrite: '1' }), {
    method: 'PUT',
    headers: octets,
    body,
  })
  assert.equal(r.status, 201, `${name}: ${r.status}`)
}
const json = (method, url, body) =>
  fetch(url, { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
const known = (box, name) => fetch(blobAt(box, name)).then((r) => (r.ok ? r.json() : null))
const bytesOf = async (box, name) => Buffer.from(await (await fetch(blobAt(box, name, 'download'))).arrayBuffer())

// A picture of w times h, without a library.
function png(w, h) {
  const table = Array.from({ length: 256 }, (_, n) => {
    for (let k = 0; k < 8; k++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1
    return n >>> 0
  })
  const chunk = (kind, data) => {
    const body = Buffer.concat([Buffer.from(kind), data])
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
    length.writeUInt32BE(data.length)
    let crc = ~0
    for (const b of body) crc = table[(crc ^ b) & 255] ^ (crc >>> 8)
    sum.writeUInt32BE(~crc >>> 0)
    return Buffer.concat([length, body, sum])
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(w)
  head.writeUInt32BE(h, 4)
  head.set([8, 2], 8)
  const rows = Buffer.alloc(h * (1 + 3 * w), 90)
  for (let y = 0; y < h; y++) rows[y * (1 + 3 * w)] = 0
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    chunk('IHDR', head),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

async function start() {
  const lazuli = await run(project)
  on.lazuli = lazuli
  await put('photos', '2026/11/29/dangjin-02.png', png(64, 40), 'image/png')
  for (let i = 0; i < 5; i++) await put('photos', `2026/11/28/panel-${i}.png`, png(8, 8), 'image/png')
  await put('photos', 'plants.json', '{"plantId":"dangjin-02","exact":1.50,"note":"ok\u202ecod"}', 'application/json')
  await put('photos', 'readme.md', '# Photos\n\nOnce a day.\n', 'text/markdown')
  await put('photos', 'readings.csv', 'plant,kw\np-1,"1,5"\np-2,7\n', 'text/csv')
  await put(
    'photos',
    'page.html',
    '<h1>hi</h1><script>parent.ran = 1</script><img src=x onerror="ran = 1">',
    'text/html',
  )
  await put(
    'photos',
    'logo.svg',
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" onload="ran = 1"><script>parent.ran = 1</script><circle r="9"/></svg>',
    'image/svg+xml',
  )
  await put('photos', 'firmware.bin', Buffer.from([0, 1, 2, 255, 254]))
  await put('photos', odd, 'shown, never obeyed', 'text/plain')
  for (let i = 0; i < 12; i++) await put('doomed', `logs/2026/${i}.txt`, 'x')
  await put('doomed', 'keep.txt', 'x')
  await Promise.all(
    Array.from({ length: boxes }, (_, i) =>
      json('POST', base('contososa'), { name: 'box-' + String(i).padStart(4, '0'), access: '' }),
    ),
  )
  let n = 0
  const writer = async () => {
    while (n < many) await put('many', `reading-${String(n++).padStart(6, '0')}.json`, '{}')
  }
  await Promise.all(Array.from({ length: 24 }, writer))
  return lazuli
}

const on = stage(start)
const home = '/storage/devstoreaccount1/blobs/'
const open = (path, options) => on.open(home + path, options)
const rowsOf = (p) => p.locator('[role=grid] .row')
const row = (p, text) => rowsOf(p).filter({ hasText: text })
const dock = (p) => p.locator('.dock')
// choose does something of the menu of the blob in the dock.
async function choose(p, name) {
  await dock(p).locator('.actions button[aria-haspopup]').click()
  await p.getByRole('menuitem', { name, exact: true }).click()
}

test('folders are gone into and out of, and the address says where one is', async () => {
  const p = await open('photos')
  await row(p, '2026/').click()
  await row(p, '11/').getByRole('link').click()
  await row(p, '28/').click()
  await eventually('five pictures', async () => (await rowsOf(p).count()) === 5)
  assert.equal(new URL(p.url()).searchParams.get('path'), '2026/11/28/')
  await p.getByRole('navigation', { name: 'Folder path' }).getByRole('link', { name: '2026' }).click()
  await row(p, '11/').waitFor()
  await p.getByRole('radio', { name: 'All below' }).or(p.getByText('All below')).first().click()
  await eventually('all six', async () => (await rowsOf(p).count()) === 6)
  await p.goBack()
  await close(p)

  const found = await open('photos')
  await found.getByRole('searchbox', { name: 'Names that begin with…' }).fill('re')
  await eventually('two begin so', async () => (await rowsOf(found).count()) === 2)
  await found.reload()
  await eventually('also after a reload', async () => (await rowsOf(found).count()) === 2)
  await row(found, 'readme.md').waitFor()
  await close(found)
})

test('what is looked at is shown and never obeyed', async () => {
  const p = await open('photos?sel=plants.json')
  await dock(p).getByText('1.50').waitFor() // numbers as they are written
  await dock(p).getByText('RLO U+202E').waitFor()
  await dock(p).getByText('Text', { exact: true }).click()
  await dock(p).getByText('"exact":1.50').waitFor()

  await row(p, 'page.html').click()
  await dock(p).getByText('<script>parent.ran = 1</script>').waitFor()
  await row(p, 'logo.svg').click()
  await eventually('the drawing', () => p.evaluate(() => document.querySelector('.picture img')?.complete))
  await row(p, odd).click()
  await dock(p).getByText('shown, never obeyed').waitFor()
  await row(p, 'readings.csv').click()
  await dock(p).getByRole('cell', { name: '1,5' }).waitFor()
  await row(p, 'firmware.bin').click()
  await dock(p).getByText('00 01 02 ff fe').waitFor()
  assert.equal(await p.evaluate(() => window.ran), undefined)
  assert.equal(await p.locator('main img').count(), 0)

  await p.goto(on.lazuli.url + home + 'photos?path=2026%2F11%2F29%2F&sel=2026%2F11%2F29%2Fdangjin-02.png')
  await eventually('the picture', () => p.evaluate(() => document.querySelector('.picture img')?.naturalWidth === 64))
  await close(p)

  // Opened by itself nothing of a blob runs where the portal does.
  for (const path of [blobAt('photos', 'page.html', 'download'), blobAt('photos', 'logo.svg', 'image')]) {
    const h = (await fetch(path)).headers
    assert.match(h.get('content-disposition'), /^attachment/)
    assert.match(h.get('content-security-policy'), /sandbox$/)
    assert.equal(h.get('x-content-type-options'), 'nosniff')
  }
})

test('files are uploaded by the picker; what would be overwritten is asked about', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'lazuli-upload-'))
  const big = Buffer.alloc(20 << 20, 'blocks of eight megabytes. ')
  await writeFile(join(dir, 'one.txt'), 'one')
  await writeFile(join(dir, 'two.txt'), 'two')
  await writeFile(join(dir, 'big.bin'), big)
  const p = await open('inbox')
  await p.getByText('Drop files and folders here').waitFor()
  const files = ['one.txt', 'two.txt', 'big.bin'].map((f) => join(dir, f))
  await p.locator('input.files').first().setInputFiles(files)
  await p.getByText('3 of 3 done').waitFor()
  await row(p, 'big.bin').waitFor()
  assert.ok((await bytesOf('inbox', 'big.bin')).equals(big), 'the large file is whole')
  assert.equal((await known('inbox', 'one.txt')).headers.contentType, 'text/plain')

  await writeFile(join(dir, 'one.txt'), 'changed')
  await writeFile(join(dir, 'three.txt'), 'three')
  const again = ['one.txt', 'three.txt'].map((f) => join(dir, f))
  await p.locator('input.files').first().setInputFiles(again)
  await p.getByRole('dialog').getByText('one.txt').waitFor()
  await p.getByRole('button', { name: 'Skip those' }).click()
  await row(p, 'three.txt').waitFor()
  assert.equal(String(await bytesOf('inbox', 'one.txt')), 'one')
  await p.locator('input.files').first().setInputFiles(again)
  await p.getByRole('button', { name: 'Overwrite', exact: true }).click()
  await eventually('overwritten', async () => String(await bytesOf('inbox', 'one.txt')) === 'changed')
  await close(p)
  await rm(dir, { recursive: true })
})

test('files and folders are let fall on the page; one that broke off goes on', async () => {
  const p = await open('inbox?path=drop%2F')
  await p.getByText('Nothing is in this folder').waitFor()
  await p.evaluate(() => {
    const data = new DataTransfer()
    data.items.add(new File(['dropped'], 'a b.txt', { type: 'text/plain' }))
    data.items.add(new File(['{}'], '한글.json', { type: 'application/json' }))
    const at = document.querySelector('main')
    for (const kind of ['dragenter', 'dragover', 'drop'])
      at.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }))
  })
  await row(p, '한글.json').waitFor()
  assert.equal(String(await bytesOf('inbox', 'drop/a b.txt')), 'dropped')

  // The second block of three does not get through at first.
  const dir = await mkdtemp(join(tmpdir(), 'lazuli-upload-'))
  const big = Buffer.alloc(17 << 20, 'goes on. ')
  await writeFile(join(dir, 'large.bin'), big)
  let blocks = 0
  await p.route('**/blob/block?**', (r) => (++blocks === 2 ? r.abort() : r.continue()))
  await p.locator('input.files').first().setInputFiles(join(dir, 'large.bin'))
  await p.getByText('1 failed').waitFor()
  assert.equal(await known('inbox', 'drop/large.bin'), null)
  await p.getByRole('button', { name: 'Go on' }).click()
  await row(p, 'large.bin').waitFor()
  assert.equal(blocks, 4, 'the first block was not sent again')
  assert.ok((await bytesOf('inbox', 'drop/large.bin')).equals(big))
  p.wrong = p.wrong.filter((w) => !/ERR_FAILED/.test(w))
  await close(p)
  await rm(dir, { recursive: true })
})

test('a folder of the disk keeps its shape; an upload can be cancelled', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'lazuli-upload-'))
  await mkdir(join(dir, 'site/css'), { recursive: true })
  await writeFile(join(dir, 'site/index.html'), '<p>')
  await writeFile(join(dir, 'site/css/a.css'), 'p{}')
  const p = await open('inbox?path=web%2F')
  await p.locator('input.folder').first().setInputFiles(join(dir, 'site'))
  await row(p, 'site/').waitFor()
  assert.equal(String(await bytesOf('inbox', 'web/site/css/a.css')), 'p{}')

  await writeFile(join(dir, 'slow.bin'), Buffer.alloc(9 << 20))
  await p.route('**/blob/block?**', () => {}) // never answered
  await p.locator('input.files').first().setInputFiles(join(dir, 'slow.bin'))
  await p.getByRole('button', { name: /^Cancel the upload/ }).click()
  await p.getByRole('region', { name: 'Uploads' }).getByText('Cancelled').waitFor()
  assert.equal(await known('inbox', 'web/slow.bin'), null)
  await close(p)
  await rm(dir, { recursive: true })
})

test('a download has the bytes and the name', async () => {
  const p = await open('photos?path=2026%2F11%2F29%2F&sel=2026%2F11%2F29%2Fdangjin-02.png')
  const [file] = await Promise.all([
    p.waitForEvent('download'),
    dock(p).getByRole('link', { name: 'Download' }).click(),
  ])
  assert.equal(file.suggestedFilename(), 'dangjin-02.png')
  assert.ok((await readFile(await file.path())).equals(png(64, 40)))
  await close(p)
})

test('metadata, headers and tags are edited; a change meanwhile is no silent loss', async () => {
  await put('inbox', 'note.txt', 'note', 'text/plain')
  const p = await open('inbox?sel=note.txt&face=properties')
  await p.getByRole('button', { name: 'Edit: Metadata' }).click()
  await p.getByRole('textbox', { name: 'Name 1' }).fill('Owner')
  await p.getByRole('textbox', { name: 'Value of Owner' }).fill('solar team')
  await dock(p).getByRole('button', { name: 'Save' }).click()
  await dock(p).getByText('solar team').waitFor()
  assert.deepEqual((await known('inbox', 'note.txt')).metadata, [{ name: 'Owner', value: 'solar team' }])

  await p.getByRole('button', { name: 'Edit: Tags' }).click()
  await p.getByRole('textbox', { name: 'Name 1' }).fill('<b>')
  await dock(p).getByRole('button', { name: 'Save' }).click()
  await dock(p)
    .getByText(/a tag has letters and digits/)
    .waitFor()
  await dock(p).getByRole('button', { name: 'Cancel' }).click()

  await p.getByRole('button', { name: 'Edit: Served with' }).click()
  await p.getByRole('textbox', { name: 'Cache-Control' }).fill('no-cache')
  await put('inbox', 'note.txt', 'of somebody else', 'text/plain')
  await dock(p).getByRole('button', { name: 'Save' }).click()
  await dock(p)
    .getByText(/somebody else changed it/)
    .waitFor()
  p.wrong = p.wrong.filter((w) => !/ (400|412) /.test(w))
  await close(p)
})

test('a lease is seen and broken', async () => {
  await put('inbox', 'leased.txt', 'x')
  const { url } = await (
    await json('POST', blobAt('inbox', 'leased.txt', 'sas'), {
      permissions: 'rw',
      start: 0,
      expiry: Date.now() + 3600_000,
      ip: '',
      https: false,
    })
  ).json()
  const lease = {
    method: 'PUT',
    headers: { 'x-ms-lease-action': 'acquire', 'x-ms-lease-duration': '-1', 'x-ms-version': '2021-12-02' },
  }
  assert.equal((await fetch(url + '&comp=lease', lease)).status, 201, 'a SAS of the portal opens the blob')
  const p = await open('inbox?sel=leased.txt')
  await row(p, 'leased.txt').waitFor()
  await dock(p).getByText('Leased without end').waitFor()
  await dock(p).getByRole('button', { name: 'Break lease' }).click()
  await eventually('broken', async () => (await known('inbox', 'leased.txt')).lease === 'broken')
  await dock(p).getByText('Leased without end').waitFor({ state: 'detached' })
  await close(p)
})

test('a SAS, a copy, a snapshot, and a blob that is deleted', async () => {
  await put('inbox', 'pick.txt', 'picked')
  const p = await open('inbox?sel=pick.txt')
  await dock(p).getByText('picked').waitFor()
  await choose(p, 'Make a SAS')
  await p.getByRole('dialog').getByRole('button', { name: 'Make', exact: true }).last().click()
  const address = await p.getByRole('dialog').locator('pre').innerText()
  assert.equal(await (await fetch(address)).text(), 'picked')
  await p.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()

  await choose(p, 'Copy to…')
  await p.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('copies/pick.txt')
  await p.getByRole('dialog').getByRole('button', { name: 'Copy', exact: true }).last().click()
  await eventually('the copy', async () => (await known('inbox', 'copies/pick.txt'))?.size === 6)
  await choose(p, 'Take a snapshot')
  await eventually('the snapshot', async () => (await known('inbox', 'pick.txt')).states.length === 1)
  await choose(p, 'Delete blob')
  await p.getByText(/Its 1 snapshot will go with it/).waitFor()
  await p.locator('dialog[open]').getByRole('button', { name: 'Delete blob' }).click()
  await row(p, 'pick.txt').waitFor({ state: 'detached' })
  assert.equal(await known('inbox', 'pick.txt'), null)
  await close(p)
})

test('a folder is deleted with what is in it, a container when its name is typed', async () => {
  const p = await open('doomed')
  await row(p, 'logs/').getByRole('checkbox').check()
  await p.getByRole('button', { name: /^Delete/ }).click()
  await p
    .locator('dialog[open]')
    .getByText(/12 blobs/)
    .waitFor()
  await p.locator('dialog').getByRole('button', { name: 'Delete', exact: true }).click()
  await row(p, 'logs/').waitFor({ state: 'detached' })
  await eventually('all are gone', async () => !(await known('doomed', 'logs/2026/11.txt')))
  assert.ok(await known('doomed', 'keep.txt'))

  await p.goto(on.lazuli.url + home + 'doomed/settings')
  await p.getByRole('button', { name: 'Delete container' }).click()
  const button = p.locator('dialog').getByRole('button', { name: 'Delete container' })
  assert.equal(await button.isDisabled(), true)
  await p.locator('dialog').getByRole('textbox').fill('doomed')
  await button.click()
  await p.waitForURL('**/storage/devstoreaccount1/blobs')
  assert.equal((await fetch(base() + '/doomed')).status, 404)
  await close(p)
})

test('a container is made; what cannot be is said', async () => {
  const p = await on.open('/storage/devstoreaccount1/blobs?do=create')
  const drawer = p.getByRole('dialog')
  await drawer.getByRole('textbox', { name: 'Name' }).fill('No Good')
  await drawer.getByRole('button', { name: 'Create' }).last().click()
  await drawer
    .getByText(/3 to 63 lower-case/)
    .last()
    .waitFor()
  await drawer.getByRole('textbox', { name: 'Name' }).fill('made-here')
  await drawer.getByRole('combobox', { name: 'Public access' }).selectOption('blob')
  await drawer.getByRole('button', { name: 'Create' }).last().click()
  await p.getByRole('heading', { name: 'made-here' }).waitFor()
  await p.getByText('Anybody may read blobs').waitFor()
  p.wrong = p.wrong.filter((w) => !/ 400 /.test(w))
  await close(p)
})

test('many blobs: the first page at once, the rest when they are scrolled to, few in the document', async () => {
  const p = await open('photos')
  let pages = 0
  await p.route(/\/many\/blobs/, (r) => {
    const url = new URL(r.request().url())
    url.searchParams.set('max', page)
    pages++
    return r.continue({ url: url.href })
  })
  await p.getByRole('treeitem', { name: /^many/ }).or(p.locator('a[href$="/blobs/many"]')).first().click()
  await row(p, 'reading-000000.json').waitFor()
  assert.equal(pages, 1)
  await p.locator('[role=grid]').focus()
  await p.keyboard.press('Home')
  await eventually('the last one', async () => {
    await p.keyboard.press('End')
    return (await row(p, `reading-${String(many - 1).padStart(6, '0')}`).count()) === 1
  })
  assert.equal(pages, Math.ceil(many / page))
  assert.ok((await rowsOf(p).count()) <= 60)
  await close(p)
})

test('where versions are kept, a deleted blob comes back by Undo, and from the list of deleted ones', async () => {
  const to = (name, step = '') => base('contososa') + `/deployments/blob${step}?name=${name}`
  for (const body of ['first', 'second'])
    await fetch(to('app.zip') + '&overwrite=1', { method: 'PUT', headers: octets, body })
  const p = await on.open('/storage/contososa/blobs/deployments?sel=app.zip')
  const remove = async () => {
    await choose(p, 'Delete blob')
    await row(p, 'app.zip').waitFor({ state: 'detached' })
  }
  await dock(p).getByText('second').waitFor()
  await remove()
  await p.getByRole('button', { name: 'Undo' }).click()
  await row(p, 'app.zip').click()
  await dock(p).getByText('second').waitFor()
  await remove()
  await p.getByRole('button', { name: 'Show deleted' }).click() // it was the only one
  await row(p, 'app.zip').click()
  await dock(p).getByRole('button', { name: 'Restore' }).click()
  await eventually('back', async () => (await (await fetch(to('app.zip', '/download'))).text()) === 'second')
  await dock(p).getByText('Versions').click()
  assert.ok((await dock(p).locator('li').count()) >= 3)
  // The dock may ask for the blob in the very moment in which it goes.
  p.wrong = p.wrong.filter((what) => !what.includes('404 (Not Found)'))
  await close(p)
})

test('by keyboard alone: from the list into a folder, to a picture, and back', async () => {
  const p = await on.open('/')
  await p.keyboard.press('g')
  await p.keyboard.press('s')
  await p.getByRole('heading', { name: 'devstoreaccount1' }).waitFor()
  await p.keyboard.press('/')
  await p.keyboard.type('photos')
  await p.keyboard.press('Enter')
  await p.getByRole('heading', { name: 'photos' }).waitFor()
  await row(p, 'plants.json').waitFor()
  await p.locator('[role=grid]').focus()
  await p.keyboard.press('Home')
  await p.keyboard.press('Enter') // the folder 2026/
  await row(p, '11/').waitFor()
  await p.keyboard.press('Home')
  await p.keyboard.press('Enter')
  await row(p, '28/').waitFor()
  await p.keyboard.press('End')
  await p.keyboard.press('Enter')
  await row(p, 'dangjin-02.png').waitFor()
  await p.keyboard.press('Home')
  await p.keyboard.press('Enter')
  await dock(p).getByRole('img').waitFor()
  await p.keyboard.press('Escape')
  await dock(p).waitFor({ state: 'detached' })
  await p.keyboard.press('Backspace')
  await row(p, '29/').waitFor()
  await close(p)
})

const shown = async (p) => {
  await p.getByText('dangjin-02', { exact: false }).last().waitFor()
  await quiet(p)
}
looks(on, 'storage', home + 'photos?sel=plants.json', shown)

test('nothing serious for axe in the other views, in Korean too', async () => {
  for (const [path, lang, theme] of [
    ['photos?sel=plants.json&face=properties', 'ko', 'light'],
    ['photos/settings', 'en', 'dark'],
    ['made-here', 'ko', 'dark'],
    ['', 'ko', 'light'],
  ]) {
    const p = await open(path, { lang, theme })
    await quiet(p)
    assert.deepEqual(await serious(p), [], path)
    if (path === 'made-here') await p.getByText('파일과 폴더를 여기에 놓으세요').waitFor()
    await close(p)
  }
})

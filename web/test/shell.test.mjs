// The shell of the portal: addresses, palette, keys, connection, phone, looks.
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { end, folder, freePort, launch, start } from './instance.mjs'
import { close, each, eventually, open, serious, shot, stage, visit, watch } from './lab.mjs'

const on = stage(start)

const at = (path, options) => on.open(path, options)
const pathOf = (page) => page.evaluate(() => location.pathname + location.search)
// noted404 forgets answers of 404, where that is what they should be.
const noted404 = (page) => (page.wrong = page.wrong.filter((w) => !w.includes('404 (Not Found)')))
const live = (page) => page.waitForSelector('.connection.live')

// find types into the palette and answers with its rows.
async function find(page, text) {
  const box = page.locator('dialog .ask input')
  if (!(await box.isVisible())) await page.keyboard.press('Control+K')
  await box.fill(text)
  return page.locator('dialog [role=option]').allInnerTexts()
}

test('palette: finds a thing of each kind, the exact one first, and goes there', { timeout: 300_000 }, async () => {
  const page = await at('/settings')
  await live(page)
  const kinds = [
    ['telemetry_events', '/hubs/'],
    ['events', '/data/'],
    ['eventhub_trigger_processor', '/functions/'],
    ['averages', '/'],
    ['stuck', '/jobs/'],
    ['Connect', '/connect'],
  ]
  for (const [name, address] of kinds) {
    await eventually(`${name} first`, async () => (await find(page, name))[0]?.startsWith(name))
    await page.keyboard.press('Enter')
    await eventually(`${name} at ${address}`, async () => (await pathOf(page)).startsWith(address))
  }
  await find(page, '@telemetry')
  assert.equal(await page.locator('dialog [role=group][aria-label=Do]').count(), 0)
  await page.keyboard.press('Escape')
  await close(page)
})

test('palette: runs a command, finds by pieces, by first consonants, tells what there is not', async () => {
  const page = await at('/settings', { lang: 'ko' })
  await live(page)
  assert.match((await find(page, 'ㅅㅈ'))[0], /^설정/)
  assert.match((await find(page, '스트림'))[0], /^스트림 작업/)
  assert.match((await find(page, 'stream jobs'))[0], /^스트림 작업/)
  await eventually('pieces of a name', async () =>
    (await find(page, 'televents')).some((row) => row.startsWith('telemetry_events')),
  )
  for (const verb of ['이벤트 보내기', 'telemetry_events 보내기'])
    assert.ok(
      (await find(page, verb)).some((row) => /^telemetry_events: 이벤트 보내기/.test(row)),
      verb,
    )
  for (const [verb, said] of [
    ['new hub', /^이벤트 허브 만들기/],
    ['new container', /^데이터베이스 또는 컨테이너 만들기/],
    ['send events', /^telemetry_events: 이벤트 보내기/],
    ['dashboard', /^대시보드/],
  ])
    assert.ok(
      (await find(page, verb)).some((row) => said.test(row)),
      verb,
    )
  await find(page, '>밝은')
  await page.keyboard.press('Enter')
  assert.equal(await page.getAttribute('html', 'data-theme'), 'light')
  assert.deepEqual(await find(page, 'zzqqzz'), [])
  assert.match(await page.locator('dialog .none').innerText(), /zzqqzz/)
  await find(page, '?')
  await page.waitForSelector('dialog[aria-label="키"][open]')
  assert.deepEqual(await serious(page), [])
  await close(page)
})

test('addresses: round trips, back, old ones behind a #, names with anything in them', async () => {
  const page = await at('/#/settings?x=1')
  assert.equal(await pathOf(page), '/settings?x=1')
  for (const old of ['/#/%', '/#/%E0%A4%A']) {
    await page.goto(on.lazuli.url + old)
    await page.reload()
    await page.waitForSelector('main h1')
  }
  const odd = 'a/b c?#%~&서울'
  await page.goto(`${on.lazuli.url}/connect/${encodeURIComponent(odd)}?q=${encodeURIComponent('x:"y z" >40')}`)
  await eventually('the name whole', async () => (await page.locator('.crumbs .last').innerText()).includes(odd))
  const before = await pathOf(page)
  await page.reload()
  await page.waitForSelector('main h1')
  assert.equal(await pathOf(page), before)
  await page.keyboard.press('g')
  await page.keyboard.press(',')
  await eventually('settings', async () => (await pathOf(page)) === '/settings')
  await page.goBack()
  await eventually('back', async () => (await pathOf(page)) === before)
  noted404(page)
  await close(page)
})

test('addresses: what there is not is a 404 that names what is near', async () => {
  for (const [path, near] of [
    ['/hubz', 'Event Hubs'],
    ['/setings', 'Settings'],
    ['/%', ''],
    ['/100%/%zz', ''],
    ['/telemetry_evens', 'telemetry_events'],
  ]) {
    assert.equal((await fetch(on.lazuli.url + path)).status, 404, path)
    const page = await at(path)
    if (near) await page.getByRole('main').getByRole('link', { name: near }).first().waitFor()
    await page.getByRole('main').getByText('There is nothing at').waitFor()
    await page.getByRole('main').getByRole('link', { name: 'Go to the overview' }).waitFor()
    assert.ok((await page.getByRole('main').getByRole('link').count()) <= 4)
    noted404(page)
    await close(page)
  }
  assert.equal((await fetch(on.lazuli.url + '/assets/none.js')).status, 404)
})

test('a part that an update took away loads the portal again, once', async () => {
  const page = await at('/connect')
  let refused = 0
  await page.route('**/assets/settings-*.js', (r) => (refused++ ? r.continue() : r.fulfill({ status: 404 })))
  await page.keyboard.press('g')
  await page.keyboard.press(',')
  await page.getByRole('heading', { name: 'Settings' }).waitFor()
  assert.ok(refused >= 2, 'it was asked for again')
  await page.unroute('**/assets/settings-*.js')
  await page.goto(on.lazuli.url + '/connect')
  await page.waitForSelector('main h1') // it hears keys
  await page.route('**/assets/settings-*.js', (r) => r.fulfill({ status: 404 }))
  await page.keyboard.press('g')
  await page.keyboard.press(',')
  await page.getByRole('button', { name: 'Reload' }).waitFor()
  await page.context().close()
})

test('keys: pages, help, rail, areas, skip link, focus; they can be switched off', async () => {
  const page = await at('/connect')
  await page.keyboard.press('g')
  await page.keyboard.press(',')
  await eventually('focus on the heading', () =>
    page.evaluate(() => document.activeElement?.tagName === 'H1' && document.activeElement.textContent === 'Settings'),
  )
  assert.match(await page.title(), /Settings.*Lazuli/)
  await page.keyboard.press('[')
  await page.waitForSelector('nav.rail.narrow')
  await page.keyboard.press('[')
  await page.waitForSelector('nav.rail:not(.narrow)')
  await page.keyboard.press('?')
  await page.waitForSelector('dialog[aria-label=Keys][open]')
  await page.keyboard.press('g') // in a dialog letters are the dialog's
  await page.keyboard.press('e')
  assert.equal(await pathOf(page), '/settings')
  await page.keyboard.press('Escape')
  const areas = new Set()
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press('F6')
    areas.add(await page.evaluate(() => document.activeElement.tagName + document.activeElement.className))
  }
  assert.ok(areas.size >= 3, [...areas].join())
  const first = () => document.querySelector('a[href], button, input').className
  assert.match(await page.evaluate(first), /skip/)
  await page.locator('.skip').focus()
  await page.keyboard.press('Enter')
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main')
  await page.getByRole('radio', { name: 'Off' }).check()
  await page.evaluate(() => document.activeElement.blur())
  await page.keyboard.press('g')
  await page.keyboard.press('e')
  assert.equal(await pathOf(page), '/settings')
  await page.keyboard.press('Control+K')
  await page.waitForSelector('dialog[open]')
  await close(page)
})

test('a letter typed on a Korean keyboard is the key at its place; none answers while one writes', async () => {
  const page = await at('/connect')
  const type = (key, code) =>
    page.evaluate(
      ([key, code]) => {
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key, code, bubbles: true, composed: true }))
      },
      [key, code],
    )
  await type('ㅎ', 'KeyG')
  await type(',', 'Comma')
  await eventually('settings', async () => (await pathOf(page)) === '/settings')
  await page.locator('.crumbs').waitFor()
  await page.evaluate(() => {
    const input = document.createElement('input')
    document.querySelector('main').append(input)
    input.focus()
  })
  await page.keyboard.type('go[')
  assert.equal(await pathOf(page), '/settings')
  assert.equal(await page.locator('main input').last().inputValue(), 'go[')
  await close(page)
})

test('view: theme, language and density hold after a reload, and nothing else is kept', async () => {
  const page = await at('/settings')
  await page.getByRole('button', { name: 'View' }).click()
  await page.getByRole('radio', { name: 'Light' }).first().click()
  await page.getByRole('radio', { name: 'Dense' }).first().click()
  await page.getByRole('radio', { name: '한국어' }).first().click()
  await page.reload()
  await page.getByRole('heading', { name: '설정' }).waitFor()
  const root = await page.evaluate(() => ({ ...document.documentElement.dataset, lang: document.documentElement.lang }))
  assert.deepEqual(root, { theme: 'light', density: 'dense', lang: 'ko' })
  const kept = await page.evaluate(() => Object.keys(localStorage).sort())
  assert.deepEqual(kept, ['lazuli.density', 'lazuli.lang', 'lazuli.theme'])
  await close(page)
})

test('pause holds the values, and says so', async () => {
  const page = await at('/settings')
  await live(page)
  await page.keyboard.press('p')
  await page.waitForSelector('.connection.paused')
  await page.getByRole('button', { name: 'Paused' }).click()
  await live(page)
  await close(page)
})

test(
  'killed, and back: Reconnecting, Lost with the command, live again without a reload',
  { timeout: 300_000 },
  async () => {
    const dir = await folder()
    const port = await freePort()
    await writeFile(
      join(dir, 'lazuli.yaml'),
      `name: phoenix\nidentity: {port: 0}\nstorage: {blobPort: 0, queuePort: 0, tablePort: 0}\nportal: {port: ${port}}\neventHubs: {amqpPort: 0, amqpsPort: 0, hubs: {orders: {partitions: 2}}}\ncosmos: {port: 0}\n`,
    )
    let { url, up } = await launch(dir)
    const page = await open(on.browser, url + '/settings')
    try {
      await live(page)
      await page.evaluate(() => (window.mine = 'kept'))
      up.removeAllListeners('exit')
      up.kill('SIGKILL')
      await page.waitForSelector('.connection.reconnecting')
      assert.equal(await page.evaluate(() => document.documentElement.classList.contains('old')), true)
      await page.waitForSelector('.connection.lost', { timeout: 60_000 })
      assert.match(await page.locator('.connection').innerText(), /lazuli up/)
      await page.locator('.aged', { hasText: 'Values of' }).waitFor()
      await shot(page, 'shell-lost')
      ;({ up } = await launch(dir))
      await page.waitForSelector('.connection.live', { timeout: 60_000 })
      assert.equal(await page.evaluate(() => window.mine), 'kept')
      assert.equal(await page.evaluate(() => document.documentElement.classList.contains('old')), false)
      page.wrong = page.wrong.filter((w) => !w.includes('ERR_CONNECTION') && !w.includes('ERR_INCOMPLETE')) // it was gone
    } finally {
      await close(page)
      await end(dir, [up])
    }
  },
)

test('the project menu lists what else runs', async () => {
  const page = await at('/settings')
  await page.getByRole('button', { name: 'Project telemetry' }).click()
  await page.locator('.one.here', { hasText: 'telemetry' }).waitFor()
  await page.keyboard.press('Escape')
  assert.equal(await page.locator('.one').count(), 0)
  await close(page)
})

test('tasks survive a reload, tell how they ended, and leave the list', { timeout: 300_000 }, async () => {
  const page = await at('/settings')
  await live(page)
  assert.equal(await page.locator('nav.rail .tasks').count(), 0)
  const asked = await fetch(on.lazuli.url + '/api/accounts/default/databases/serverless_db/containers/events/export', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ format: 'ndjson' }),
  })
  assert.ok(asked.ok, await asked.text())
  await page.locator('nav.rail .tasks').waitFor()
  await page.reload()
  const rail = page.getByRole('navigation', { name: 'Main navigation' })
  await rail.getByRole('button', { name: /Tasks/ }).click()
  const link = rail.getByRole('link', { name: 'Download' })
  await link.waitFor()
  const file = await fetch(on.lazuli.url + (await link.getAttribute('href')))
  assert.ok(file.ok && (await file.text()).length > 0)
  assert.deepEqual(await serious(page), [])
  await shot(page, 'shell-tasks')
  await rail.getByRole('button', { name: /Remove from the list/ }).click()
  await eventually('no tasks', async () => (await page.locator('nav.rail .tasks').count()) === 0)
  await close(page)
})

test('phone: bars, menu, no sideways scrolling', async () => {
  const page = await at('/settings', { width: 390, height: 844, theme: 'light', lang: 'ko' })
  const bar = page.locator('nav.bottom')
  assert.equal(await bar.getByRole('link').count(), 4)
  assert.equal(await page.locator('nav.rail').isVisible(), false)
  await bar.getByRole('button', { name: '메뉴' }).click()
  await shot(page, 'shell-menu-light-ko-390')
  assert.deepEqual(await serious(page), [])
  await page.locator('dialog[open]').getByRole('link', { name: '연결' }).click()
  await eventually('connect', async () => (await pathOf(page)) === '/connect')
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth))
  await close(page)
})

for (const [theme, lang] of [
  ['dark', 'en'],
  ['light', 'ko'],
  ['dark', 'ko'],
  ['light', 'en'],
])
  test(`looks: ${theme}, ${lang}`, { timeout: 300_000 }, () => {
    const looks = [1440, 1280, 390].map((width) => ({ theme, lang, width, height: width < 700 ? 844 : 900 }))
    return visit(on.browser, on.lazuli.url, each(looks), async (page, go, { width }) => {
      await go('/settings')
      await live(page)
      await page.waitForSelector('main table')
      assert.deepEqual(await serious(page), [], `settings at ${width}`)
      await shot(page, `shell-settings-${theme}-${lang}-${width}`)
      await find(page, 'tel')
      assert.deepEqual(await serious(page), [], `palette at ${width}`)
      await shot(page, `shell-palette-${theme}-${lang}-${width}`)
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: lang === 'ko' ? '알림' : 'Notices' }).click()
      assert.deepEqual(await serious(page), [], `bell at ${width}`)
      await shot(page, `shell-bell-${theme}-${lang}-${width}`)
    })
  })

test('forced colours and less motion', async () => {
  const page = await at('/settings', { context: { forcedColors: 'active', reducedMotion: 'reduce' } })
  const here = page.locator('nav.rail a[aria-current=page]')
  assert.equal(await here.evaluate((e) => getComputedStyle(e).outlineStyle), 'solid')
  await page.getByRole('button', { name: 'View' }).click()
  assert.equal(await page.locator('.popup .pane').evaluate((e) => getComputedStyle(e).animationName), 'none')
  await close(page)
})

// Keys that the program or the project has: none of them may be where nobody
// asked for them.
test('secrets are nowhere', { timeout: 300_000 }, async () => {
  const secrets = /SharedAccessKey=[^;<*•]{8}|AccountKey=[^;<*•]{8}|C2y6yDjf5|SAS_KEY_VALUE/
  for (const path of [
    '/api/summary',
    '/api/names?limit=5000',
    '/api/notices',
    '/api/tasks',
    '/api/about',
    '/api/instances',
  ])
    assert.doesNotMatch(await (await fetch(on.lazuli.url + path)).text(), secrets, path)
  const pages = ['', 'hubs', 'data', 'functions', 'jobs', 'logs', 'connect', 'dashboards', 'settings']
  const page = await at('/')
  for (const name of pages) {
    await page.goto(on.lazuli.url + '/' + name)
    await live(page)
    assert.doesNotMatch(await page.content(), secrets, name)
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href]))
    assert.doesNotMatch(kept, secrets, name)
    assert.deepEqual(
      page.wrong.filter((w) => w.includes('Content Security Policy')),
      [],
      name,
    )
  }
  await page.context().close()
})

test('what is watched by fifty tabs is one stream', { timeout: 600_000 }, async () => {
  const context = await on.browser.newContext({ viewport: { width: 1280, height: 800 }, locale: 'en-GB' })
  const pages = []
  for (let i = 0; i < 50; i++) {
    const page = await context.newPage()
    watch(page, on.lazuli.url)
    await page.goto(on.lazuli.url + '/settings', { waitUntil: 'domcontentloaded' })
    pages.push(page)
  }
  for (const page of [pages[0], pages[6], pages[49]]) {
    await page.bringToFront()
    await page.waitForSelector('.connection.live', { timeout: 60_000 })
  }
  await eventually(
    'one stream',
    async () => (await (await fetch(on.lazuli.url + '/api/about')).json()).streams === 1,
    30_000,
  )
  for (const page of pages) assert.deepEqual(page.wrong, [])
  await context.close()
})

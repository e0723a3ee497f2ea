// Dashboards in a real browser: shown, made and edited.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { device, start, telemetry } from './boards.lab.mjs'
import { browse, close, eventually, open, quiet, serious, shot, visit, wide } from './lab.mjs'

const devices = `{
  "name": "devices",
  "title": {"en": "Devices", "ko": "장치"},
  "datasets": {
    "events": {"container": "serverless_db/events", "time": "timestamp"},
    "doors": {"push": true, "time": "at"}
  },
  "tiles": [
    {"type": "number", "title": "Events", "dataset": "events", "aggregate": "count", "window": "1h"},
    {"type": "number", "title": "Wrong", "dataset": "events", "aggregate": "median"},
    {"type": "line", "title": "Temperature", "dataset": "events", "value": "data.temperature", "aggregate": "avg", "by": "deviceId", "window": "10m", "every": "5s", "unit": "°C"},
    {"type": "line", "title": "Nameless", "dataset": "events", "value": "data.temperature", "by": "nosuchfield", "window": "10m"},
    {"type": "table", "title": "Doors", "dataset": "doors", "columns": [{"field": "door", "title": "Door"}, {"field": "open", "title": "Open"}]},
    {"type": "alarms", "title": {"en": "What is open and should not be", "ko": "열려 있는 문"}, "dataset": "doors", "key": "door", "message": "note", "window": "1h"}
  ]
}
`
let lab, browser

before(
  async () => {
    lab = await start({
      'telemetry.json': await telemetry(),
      'devices.json': devices,
      'torn.json': '{"name": "torn",\n  "tiles": []\n  "titel": 5}',
    })
    browser = await browse()
    for (let i = 0; i < 40; i++)
      await lab.store(device(i, Date.now() - (40 - i) * 5000, 24 + 8 * Math.sin(i / 5) + (i % 5)))
  },
  { timeout: 300_000 },
)
after(async () => {
  await browser?.close()
  if (process.env.TELL) console.log(lab?.said().slice(-4000))
  await lab?.stop()
})

const tile = (page, title) => page.locator(`.tile[aria-label="${title}"]`)

test('a mistake has its line and caret, breaks its tile only, and no other dashboard', async () => {
  const page = await open(browser, lab.url + '/dashboards/devices')
  const broken = tile(page, 'Wrong')
  await broken.locator('mark').waitFor()
  assert.match(
    await broken.innerText(),
    /tiles\[1\]\.aggregate[\s\S]*"median" is none of last, avg[\s\S]*line 10, column \d+/,
  )
  assert.equal(await broken.locator('mark').innerText(), '"')
  await eventually('the other tile lives', async () => /40/.test(await tile(page, 'Events').innerText()))
  await page.goto(lab.url + '/dashboards/torn')
  await page.getByText('1 mistake in dashboards/torn.json').waitFor()
  assert.match(
    await page.locator('[role=alert]').innerText(),
    /a comma or the closing } is missing here[\s\S]*line 2, column 14/,
  )
  await close(page)
})

test('rows without the field that tells lines apart are called "no value"', async () => {
  const page = await open(browser, lab.url + '/dashboards/devices')
  await tile(page, 'Nameless').getByText('no value').first().waitFor()
  await close(page)
})

test('a drag on a chart zooms all tiles and pauses; z goes back', async () => {
  const page = await open(browser, lab.url + '/dashboards/devices')
  const box = () => tile(page, 'Temperature').locator('.u-over').boundingBox()
  await tile(page, 'Temperature').locator('.u-over').waitFor()
  await eventually('all rows', async () => /40/.test(await tile(page, 'Events').innerText()))
  const b = await box()
  await page.mouse.move(b.x + b.width * 0.75, b.y + b.height / 2)
  await page.mouse.down()
  await page.mouse.move(b.x + b.width * 0.85, b.y + b.height / 2, { steps: 4 })
  await page.mouse.up()
  await page.waitForURL(/from=.*to=/)
  await eventually('fewer rows', async () => {
    const n = Number((await tile(page, 'Events').locator('b').innerText()).replace(/\D/g, ''))
    return n > 0 && n < 40
  })
  assert.match(await page.locator('.state').innerText(), /Past/)
  const still = await tile(page, 'Events').locator('b').innerText()
  await lab.store(device(77, Date.now(), 30))
  await page.waitForTimeout(1500)
  assert.equal(await tile(page, 'Events').locator('b').innerText(), still)
  const address = page.url()
  await page.reload()
  await eventually(
    'the address is the state',
    async () => (await tile(page, 'Events').locator('b').innerText()) === still,
  )
  await page.goBack().catch(() => {})
  await page.goto(address.split('?')[0])
  await tile(page, 'Temperature').locator('.u-over').waitFor()
  const c = await box()
  await page.mouse.move(c.x + c.width * 0.5, c.y + 20)
  await page.mouse.down()
  await page.mouse.move(c.x + c.width * 0.9, c.y + 20, { steps: 4 })
  await page.mouse.up()
  await page.waitForURL(/from=/)
  await page.keyboard.press('z')
  await page.waitForURL((u) => !u.search.includes('from='))
  await close(page)
})

test('an old row is kept, is said so, and shows in its time', async () => {
  const answer = JSON.parse(
    await lab.push('doors', [{ door: 'north', open: true, note: 'x', at: '2026-01-05T12:00:00Z' }]),
  )
  assert.match(
    answer.note,
    /1 of 1 row is kept but older than what the tiles show: the oldest is of 2026-01-05T12:00:00Z, the widest window is 24h/,
  )
  const page = await open(browser, lab.url + '/dashboards/devices')
  const doors = tile(page, 'Doors')
  await doors.getByText('No rows in this time').waitFor()
  assert.match(await doors.innerText(), /2026-01-05/)
  await doors.getByRole('button', { name: 'Show that time' }).click()
  await doors.getByText('north').waitFor()
  await close(page)
  assert.equal(
    await lab.push('doors', [
      { door: 'south', open: false, note: 'a long note about the door that is open', at: new Date().toISOString() },
    ]),
    '',
  )
})

test('a board on a dead feed is not live', async () => {
  const old = await start({ 'telemetry.json': await telemetry() })
  try {
    const page = await open(browser, old.url + '/dashboards/telemetry')
    await page.locator('.state [data-state=empty]').waitFor()
    await old.store(device(1, Date.now() - 3600_000))
    await page.locator('.state [data-state=stale]').waitFor()
    assert.doesNotMatch(await page.locator('main').innerText(), /Live/)
    assert.match(await page.locator('.state').innerText(), /no new data for 1h|no new data for 59m/)
    await old.store(device(2, Date.now()))
    await page.locator('.state [data-state=fresh]').waitFor()
    await close(page)
  } finally {
    await old.stop()
  }
})

test('files that appear, change and go show without a restart', async () => {
  const page = await open(browser, lab.url + '/dashboards')
  await lab.write('late.json', '{"name": "late", "title": "Late", "datasets": {}, "tiles": []}')
  const card = page.locator('a.card', { hasText: 'Late' })
  await card.waitFor()
  await lab.write('late.json', '{"name": "late", "title": "Later", "datasets": {}, "tiles": []}')
  await page.locator('a.card', { hasText: 'Later' }).waitFor()
  await lab.remove('late.json')
  await page.locator('a.card', { hasText: 'Later' }).waitFor({ state: 'detached' })
  await close(page)
})

test('suggestions are made of the data, and become a file', async () => {
  const page = await open(browser, lab.url + '/dashboards')
  const idea = page.locator('.idea', { hasText: 'events now' })
  await idea.getByRole('button').click()
  await page.waitForURL(/\/dashboards\/events-now/)
  await page.locator('.tile').first().waitFor()
  const file = JSON.parse(await lab.read('events-now.json'))
  assert.equal(await page.locator('.tile').count(), file.tiles.length)
  assert.equal(await page.locator('.tile.broken').count(), 0)
  await lab.remove('events-now.json')
  await close(page)
})

// tab presses Tab until the focus is on what fits.
async function tab(page, fits, back = false) {
  for (let i = 0; i < 150; i++) {
    if (await page.evaluate((s) => !!document.activeElement?.matches(s), fits)) return
    await page.keyboard.press(back ? 'Shift+Tab' : 'Tab')
  }
  assert.fail(`the focus never came to ${fits}`)
}

test('a dashboard is made by keyboard alone, and the file is what the screen shows', { timeout: 300_000 }, async () => {
  const page = await open(browser, lab.url + '/dashboards')
  await page.locator('.pane').waitFor()
  await tab(page, '.actions button')
  await page.keyboard.press('Enter')
  await page.locator('dialog[open] input').first().waitFor()
  await tab(page, 'dialog input')
  await page.keyboard.type('keys')
  await page.keyboard.press('Tab')
  await page.keyboard.type('By keyboard')
  await page.keyboard.press('Enter')
  await page.waitForURL(/keys\/edit/)
  await page.getByText('Add data first').waitFor()
  await tab(page, 'aside > button')
  await page.keyboard.press('Enter')
  await page.locator('dialog[open] select').waitFor()
  await tab(page, 'dialog select')
  await page.keyboard.press('Home') // the container
  await tab(page, 'dialog button[type=submit]')
  await page.keyboard.press('Enter')
  await page.locator('[data-add=line]:not([disabled])').waitFor()
  await page.getByText('Add a tile from the left').waitFor()
  await eventually('the data was sampled', async () => /[1-9]\d* fields/.test(await page.locator('.set').innerText()))
  for (const type of ['number', 'line', 'table']) {
    await tab(page, `[data-add=${type}]`)
    await page.keyboard.press('Enter')
  }
  await page.locator('.grid-stack-item').nth(2).waitFor()
  // The first tile: wider, further right.
  await tab(page, '.grid-stack-item-content')
  await page.keyboard.press('Shift+ArrowRight')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('Enter')
  await tab(page, '.form input')
  await page.keyboard.press('ControlOrMeta+A')
  await page.keyboard.type('How many')
  await page.keyboard.press('Tab')
  await page.locator('.grid-stack [aria-label^="How many"]').first().waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('ControlOrMeta+S')
  await page.locator('dialog[open]').waitFor()
  await shot(page, 'boards-save')
  await tab(page, 'dialog[open] footer button:last-child, dialog[open] .foot button:last-child')
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/dashboards\/keys$/)
  await page.locator('.tile').nth(2).waitFor()
  const file = JSON.parse(await lab.read('keys.json'))
  assert.deepEqual(
    file.tiles.map((t) => t.type),
    ['number', 'line', 'table'],
  )
  assert.equal(file.tiles[0].title, 'How many')
  assert.equal(file.tiles[0].x, 1)
  assert.equal(file.tiles[0].w, 4)
  assert.deepEqual(file.datasets, { events: { container: 'serverless_db/events' } })
  const screen = await page.evaluate(() => {
    const grid = document.querySelector('.grid').getBoundingClientRect()
    const unit = (grid.width - 40 + 10) / 12
    return [...document.querySelectorAll('.grid .cell')].map((c) => {
      const r = c.getBoundingClientRect()
      return {
        type: c.querySelector('.tile').dataset.tile,
        x: Math.round((r.left - grid.left - 20) / unit),
        w: Math.round((r.width + 10) / unit),
      }
    })
  })
  for (const t of file.tiles)
    assert.deepEqual(
      screen.find((s) => s.type === t.type),
      { type: t.type, x: t.x, w: t.w },
    )
  await lab.remove('keys.json')
  await close(page)
})

test('a tile is dragged, and only its place changes in the file', async () => {
  const page = await open(browser, lab.url + '/dashboards/telemetry/edit')
  const item = page.locator('.grid-stack-item').first()
  await item.waitFor()
  const from = await item.boundingBox()
  await page.mouse.move(from.x + 60, from.y + 40)
  await page.mouse.down()
  await page.mouse.move(from.x + 60, from.y + 800, { steps: 12 })
  // What the server says of the file meanwhile takes no tile from the hand.
  await page.waitForResponse((r) => r.url().endsWith('/dashboard-preview'))
  await quiet(page)
  await page.mouse.up()
  const save = page.getByRole('button', { name: 'Save', exact: true })
  await eventually('something changed', async () => save.isEnabled())
  await save.click()
  await page.locator('dialog[open]').getByRole('button', { name: 'Save', exact: true }).click()
  await page.waitForURL(/telemetry$/)
  const [was, now] = [await telemetry(), await lab.read('telemetry.json')]
  const strip = (text) => text.replace(/, "[xy]": \d+/g, '')
  assert.equal(strip(now), was)
  assert.ok(JSON.parse(now).tiles[0].y > 2)
  await lab.write('telemetry.json', was)
  await close(page)
})

test(
  'a change outside of the page is joined; where both changed a line one is chosen',
  { timeout: 300_000 },
  async () => {
    const text = (a, b) =>
      `{\n  "name": "joint",\n  "title": "${a}",\n  "subtitle": "${b}",\n  "datasets": {},\n  "tiles": []\n}\n`
    await lab.write('joint.json', text('one', 'two'))
    const page = await open(browser, lab.url + '/dashboards')
    await page.locator('a.card', { hasText: 'joint.json' }).waitFor()
    await page.goto(lab.url + '/dashboards/joint/edit')
    const title = page.getByLabel('Title, English', { exact: true }).first()
    await title.fill('mine')
    await title.blur()
    await lab.write('joint.json', text('one', 'theirs'))
    await page.getByText('both changes are joined').waitFor()
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.locator('dialog[open]').getByRole('button', { name: 'Save', exact: true }).click()
    await page.waitForURL(/joint$/)
    assert.equal(await lab.read('joint.json'), text('mine', 'theirs'))
    await page.goto(lab.url + '/dashboards/joint/edit')
    await title.fill('me again')
    await title.blur()
    await lab.write('joint.json', text('they again', 'theirs'))
    await page.getByRole('button', { name: 'Take the file' }).waitFor()
    await page.getByRole('button', { name: 'Keep mine' }).click()
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.locator('dialog[open]').getByRole('button', { name: 'Save', exact: true }).click()
    await page.waitForURL(/joint$/)
    assert.equal(await lab.read('joint.json'), text('me again', 'theirs'))
    await lab.remove('joint.json')
    await close(page)
  },
)

test('a wall fills the screen, and its letters grow with it', async () => {
  for (const [width, height] of [
    [1920, 1080],
    [3840, 2160],
  ]) {
    const page = await open(browser, lab.url + '/dashboards/telemetry', { width, height })
    await page.locator('.tile').nth(7).waitFor()
    await page.keyboard.press('f')
    await page.waitForFunction(() => document.fullscreenElement)
    await page.waitForTimeout(600)
    const seen = await page.evaluate(() => {
      const pane = document.querySelector('.pane')
      return {
        letters: parseFloat(getComputedStyle(document.documentElement).fontSize),
        rest: pane.scrollHeight - pane.clientHeight,
      }
    })
    assert.ok(seen.rest <= 1, `${width}: ${seen.rest} px do not fit`)
    assert.ok(seen.letters > width / 150, `${width}: letters of ${seen.letters} px`)
    await shot(page, `boards-wall-${width}`)
    await close(page)
  }
})

test('on a phone the layout is not edited, in words; the JSON is', async () => {
  const page = await open(browser, lab.url + '/dashboards/devices/edit', { width: 390, height: 844 })
  await page.getByText('The layout is edited on a wider screen').waitFor()
  await page.getByRole('link', { name: 'JSON' }).click()
  await page.getByText('"serverless_db/events"').waitFor()
  await close(page)
})

const looks = [
  { theme: 'dark', lang: 'en', width: 1440, height: 900 },
  { theme: 'light', lang: 'ko', width: 1440, height: 900 },
  { theme: 'light', lang: 'en', width: 1280, height: 800 },
  { theme: 'dark', lang: 'ko', width: 390, height: 844 },
  { theme: 'light', lang: 'en', width: 390, height: 844 },
]
// cut counts what is not whole in a list of alarms.
const cut = (page) =>
  page.evaluate(
    () =>
      [...document.querySelectorAll('.alarms li, .alarms li b')].filter(
        (e) =>
          e.scrollWidth > e.clientWidth + 1 ||
          e.getBoundingClientRect().right > e.closest('.tile').getBoundingClientRect().right,
      ).length,
  )
test('nothing serious for axe, nothing cut, in both themes and languages', { timeout: 600_000 }, async () => {
  const found = []
  await visit(browser, lab.url, looks, async (page, go, { theme, lang, width }) => {
    const phone = width < 700
    for (const [name, path, shows] of [
      ['index', '', 'a.card'],
      ['board', '/telemetry', '.tile >> nth=7'],
      ['devices', '/devices', '.tile .uplot canvas'],
      ['torn', '/torn', '[role=alert]'],
      ['edit', '/devices/edit', phone ? 'main p' : '.grid-stack-item >> nth=5'],
      ['json', '/devices/edit?view=json', '[data-editor=ready]'],
    ]) {
      await go('/dashboards' + path)
      await page.waitForSelector(shows)
      if (name === 'devices') await tile(page, 'Events').getByText(/^\d+$/).first().waitFor()
      await quiet(page)
      await shot(page, `boards-${name}-${theme}-${lang}-${width}`)
      found.push(...(await serious(page)).map((v) => `${name} ${theme} ${lang} ${width}: ${v}`))
      if ((await wide(page)) > 0) found.push(`${name} ${lang} ${width}: ${await wide(page)} px too wide`)
      const clipped = await cut(page)
      if (clipped) found.push(`${name} ${lang} ${width}: ${clipped} parts of alarms are cut`)
    }
  })
  assert.deepEqual(found, [])
})

// Event Hubs in a real browser against a real process: one hub and five hundred,
// sixteen partitions and thirty-two.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { run } from './instance.mjs'
import { browse, close, eventually, open, quiet, serious, shot, visit, wide } from './lab.mjs'

const ports = `portal: {port: 0}
identity: {port: 0}
storage: {blobPort: 0, queuePort: 0, tablePort: 0}
eventHubs:
  amqpPort: 0
  amqpsPort: 0
  hubs:
`
const tail = `cosmos: {port: 0}
functions: {port: 0}
`
const one = ports + '    telemetry_events: {partitions: 2}\n' + tail
const many =
  ports +
  '    telemetry_events: {partitions: 16, retention: 24h, consumerGroups: [enrich, archive, lake]}\n' +
  '    wide: {partitions: 32, consumerGroups: [a, b]}\n' +
  Array.from({ length: 498 }, (_, i) => `    idle-${String(i).padStart(3, '0')}: {partitions: 1}\n`).join('') +
  tail

let few, crowd, browser
before(
  async () => {
    ;[few, crowd] = await Promise.all([run(one), run(many)])
    browser = await browse()
  },
  { timeout: 300_000 },
)
after(async () => {
  await browser?.close()
  await Promise.all([few?.stop(), crowd?.stop()])
})

async function api(at, method, path, body) {
  const r = await fetch(at.url + path, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: body && JSON.stringify(body),
  })
  const text = await r.text()
  if (!r.ok) throw new Error(`${method} ${path}: ${r.status} ${text}`)
  return text
}
const send = (at, hub, event) => api(at, 'POST', `/api/hubs/default/${hub}/events`, event)

const fleets = ['jeju-fleet', 'gangwon-fleet', 'sejong-fleet', 'dangjin-02', 'busan-harbor', 'ulsan-fleet']
const reading = (i) => ({
  tempC: Math.round((30 + 25 * Math.abs(Math.sin(i * 1.7))) * 10) / 10,
  plantId: fleets[i % fleets.length],
  city: '당진',
  powerKw: 1204.6,
  inverters: [
    { id: 'A1', kw: 401.2 },
    { id: 'A2', kw: 402.1 },
  ],
  note: i === 7 ? 'ok\u202ecod' : 'ok',
})

// fill sends readings, and answers them as the model of what is stored.
async function fill(at, hub, count, from = 0) {
  const model = []
  for (let i = from; i < from + count; i++) {
    const body = reading(i)
    const sent = JSON.parse(
      await send(at, hub, {
        body: JSON.stringify(body),
        key: body.plantId,
        properties: { schema: 'telemetry/' + (1 + (i % 4)), gateway: 'edge-7', n: i },
      }),
    )
    model.push({ ...sent, body, schema: 1 + (i % 4) })
  }
  return model
}

const rowIds = (page) => page.$$eval('[role=grid] [role=row][data-id]', (rows) => rows.map((r) => r.dataset.id))

let model
test('a filter over all partitions leaves what the model says', { timeout: 300_000 }, async () => {
  model = await fill(crowd, 'telemetry_events', 150)
  const page = await open(browser, crowd.url + '/hubs/default/telemetry_events/events?live=0', { height: 1800 })
  const { partition } = model[0]
  for (const [q, claim] of [
    ['body.tempC > 54', (e) => e.body.tempC > 54],
    ['key:dangjin prop.schema:telemetry/2', (e) => e.body.plantId === 'dangjin-02' && e.schema === 2],
    ['-key:fleet body.tempC<=45', (e) => !e.body.plantId.includes('fleet') && e.body.tempC <= 45],
    [`partition:${partition} body.tempC>40`, (e) => e.partition === partition && e.body.tempC > 40],
  ]) {
    await page.goto(crowd.url + '/hubs/default/telemetry_events/events?live=0&q=' + encodeURIComponent(q))
    const want = model
      .filter(claim)
      .sort((a, b) => b.enqueuedAt - a.enqueuedAt)
      .map((e) => `${e.partition}.${e.sequence}`)
    assert.ok(want.length > 1 && want.length < 45, `${q}: ${want.length} rows show it`)
    await eventually(q, async () => (await rowIds(page)).length === want.length)
    assert.deepEqual((await rowIds(page)).sort(), want.sort(), q)
  }
  await close(page)
})

test('a filter is typed: a chip, a column, an error at its word', { timeout: 300_000 }, async () => {
  const page = await open(browser, crowd.url + '/hubs/default/telemetry_events/events')
  const input = page.locator('.under input[role=combobox]')
  await input.click()
  await page.keyboard.type('body.tempC>40')
  await page.keyboard.press('Enter')
  await page.waitForSelector('[role=columnheader] >> text=tempC')
  assert.match(page.url(), /q=body\.tempC/)
  await input.click()
  await page.keyboard.type('colour:red')
  await page.keyboard.press('Enter')
  await page.waitForSelector('.chip.bad >> text=colour')
  await page.waitForSelector('text=there is no field colour')
  assert.equal(await page.getByText('No event matches').count(), 0)
  page.wrong = page.wrong.filter((w) => !w.includes('400'))
  await close(page)
})

test('an event is opened by keyboard; hostile text is a chip; it is sent again', { timeout: 300_000 }, async () => {
  const odd = model[7]
  const page = await open(
    browser,
    crowd.url +
      `/hubs/default/telemetry_events/events?live=0&q=${encodeURIComponent(`partition:${odd.partition} seq:${odd.sequence}`)}`,
  )
  await page.waitForSelector('[role=row][data-id]')
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await page.waitForSelector('aside.dock >> text=Read by')
  assert.match(page.url(), new RegExp(`sel=${odd.partition}\\.${odd.sequence}`))
  await page.waitForSelector('aside.dock >> text=RLO')
  assert.match(await page.textContent('aside.dock'), /schema\s*"telemetry\/4"/)
  const { sequence } = JSON.parse(
    await api(
      crowd,
      'GET',
      '/api/hubs/default/telemetry_events/partitions/' + odd.partition + '/events/' + odd.sequence,
    ),
  )
  assert.equal(sequence, odd.sequence)
  await page.click('aside.dock >> text=Send again')
  await page.waitForSelector('text=Sent again')
  await page.keyboard.press('Escape')
  await page.waitForSelector('aside.dock', { state: 'detached' })
  await close(page)
})

test('the live list: new rows come, wait while one is chosen, and none is lost', { timeout: 300_000 }, async () => {
  const page = await open(browser, few.url + '/hubs/default/telemetry_events/events')
  await page.waitForSelector('text=No event yet')
  await fill(few, 'telemetry_events', 5)
  await page.waitForSelector('[role=row][data-id]')
  await eventually('five rows', async () => (await rowIds(page)).length === 5)
  await page.mouse.move(700, 20)
  await page.keyboard.press('j')
  const before = await rowIds(page)
  await fill(few, 'telemetry_events', 7, 5)
  await page.waitForSelector('text=/7 new/')
  assert.deepEqual(await rowIds(page), before, 'the list stands still while it is read')
  await page.click('text=Resume')
  await eventually('twelve rows', async () => new Set(await rowIds(page)).size === 12)
  await close(page)
})

test('what is sent arrives: key, properties with their kinds, type', { timeout: 300_000 }, async () => {
  const page = await open(browser, few.url + '/hubs/default/telemetry_events/overview')
  await page.click('main header >> text=Send')
  const form = page.locator('dialog[open]')
  await form.getByLabel('Key', { exact: true }).fill('by-hand')
  await form.getByText('Add property').click()
  await form.getByLabel('Property name').fill('level')
  await form.getByLabel('Value').fill('3')
  await form.locator('footer, .foot').getByText('Send', { exact: true }).click()
  await page.waitForSelector('text=/Sent: partition/')
  const found = await api(few, 'POST', '/api/hubs/default/telemetry_events/events:search', {
    q: 'key=by-hand prop.level=3',
  })
  const row = found
    .split('\n')
    .map((l) => l && JSON.parse(l))
    .find((l) => l.k === 'by-hand')
  assert.equal(row.m['prop.level'], 3)
  await close(page)
})

test('an event is written and sent by keyboard alone, and stands in one line', { timeout: 300_000 }, async () => {
  const page = await open(browser, few.url + '/hubs/default/telemetry_events/events?do=send')
  const form = page.locator('dialog[open]')
  await form.locator('.cm-content').click()
  await quiet(page)
  await page.keyboard.press('Escape')
  await page.keyboard.press('Tab')
  const at = () => page.evaluate(() => document.activeElement?.textContent?.trim())
  await eventually('Tab leaves the editor', async () => (await at()) === 'From a file, a line an event')
  await page.keyboard.press('Tab')
  await page.keyboard.type('in lines')
  while ((await at()) !== 'Send') await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.waitForSelector('text=/Sent: partition/')
  await page.keyboard.press('Escape')
  await form.waitFor({ state: 'detached' })
  const row = page.locator('[role=row][data-id]', { hasText: 'in lines' }).first()
  await eventually('the row', async () => /\{ "deviceId": "device-001", "data": \{/.test(await row.innerText()))
  await close(page)
})

test('what a filter leaves is replayed into another hub, as a task, by keyboard', { timeout: 300_000 }, async () => {
  for (let i = 0; i < 6; i++)
    await send(few, 'telemetry_events', {
      body: JSON.stringify({ replayed: i }),
      key: 'again-' + (i % 2),
      properties: { n: i },
    })
  await api(few, 'POST', '/api/hubs/default', { name: 'copy', partitions: 2, groups: [] })
  const page = await open(browser, few.url + '/hubs/default/telemetry_events/events?q=key%3Dagain-1')
  await eventually('the rows', async () => (await rowIds(page)).length === 3)
  await page.keyboard.press('Control+k')
  await page.keyboard.type('replay')
  await page.waitForSelector('[role=option] >> text=Replay events of telemetry_events')
  await page.keyboard.press('Enter')
  const form = page.locator('dialog[open]', { hasText: 'Replay events of' })
  await form.getByText('key=again-1').waitFor()
  await quiet(page)
  const into = form.getByLabel('Send to event hub')
  assert.equal(await into.evaluate((i) => i === document.activeElement), true)
  await page.keyboard.press('Control+a')
  await page.keyboard.type('copied')
  await page.keyboard.press('Enter')
  await form.locator('[role=alert]', { hasText: 'copied' }).waitFor()
  page.wrong = page.wrong.filter((w) => !w.includes('404'))
  await shot(page, 'hubs-replay')
  await into.fill('copy')
  await form.getByLabel('Pace').selectOption('10')
  await into.press('Enter')
  await form.waitFor({ state: 'detached' })
  assert.doesNotMatch(page.url(), /do=/)
  const copied = async () =>
    (await api(few, 'POST', '/api/hubs/default/copy/events:search', { q: 'prop.n>=0', oldest: true }))
      .split('\n')
      .map((l) => l && JSON.parse(l))
      .filter((l) => l.s !== undefined)
  await eventually('three events', async () => (await copied()).length === 3)
  assert.deepEqual(
    (await copied()).map((e) => [e.k, e.m['prop.n'], e.b]),
    [1, 3, 5].map((n) => ['again-1', n, `{"replayed":${n}}`]),
  )
  await page.getByRole('button', { name: /Tasks/ }).first().click()
  await page.waitForSelector('text=Replay to copy')
  await close(page)
})

test('a hub is made, changed and deleted', { timeout: 300_000 }, async () => {
  const page = await open(browser, few.url + '/hubs?do=create')
  const form = page.locator('dialog[open]')
  await form.getByLabel('Name').fill('made')
  await form.getByLabel('Consumer groups').fill('lake, dash')
  await form.locator('footer, .foot').getByText('Create').click()
  await page.waitForURL('**/hubs/default/made/overview')
  await page.goto(few.url + '/hubs/default/made/settings')
  await page.getByLabel('Partitions').fill('6')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.waitForSelector('text=6 partitions')
  await page.goto(few.url + '/hubs/default/made/consumers')
  await page.waitForSelector('[role=grid] >> text=lake')
  await page.goto(few.url + '/hubs/default/made/settings?do=delete')
  const ask = page.locator('dialog[open]')
  await ask.locator('input').fill('made')
  await ask.getByRole('button', { name: 'Delete' }).click()
  await page.waitForURL((u) => !u.pathname.includes('made'))
  await close(page)
})

test('five hundred hubs: idle ones fold, the filter finds one, few rows are drawn', { timeout: 300_000 }, async () => {
  const page = await open(browser, crowd.url + '/hubs/default/telemetry_events/overview')
  await page.waitForSelector('text=/default · idle/')
  assert.ok((await page.$$('[role=tree] [role=treeitem]')).length <= 60)
  await page.keyboard.press('/')
  await page.keyboard.type('idle-427')
  await page.waitForSelector('[role=treeitem] >> text=idle-427')
  await page.keyboard.press('Enter')
  await page.waitForURL('**/hubs/default/idle-427/**')
  await page.waitForSelector('h1 >> text=idle-427')
  await close(page)
})

test('thirty-two partitions are rows with small cells', { timeout: 300_000 }, async () => {
  const page = await open(browser, crowd.url + '/hubs/default/wide/partitions', { height: 1400 })
  await page.waitForSelector('[role=row][data-id="31"]')
  const width = await page.$eval('[role=row][data-id="0"] .cells i', (i) => i.getBoundingClientRect().width)
  assert.equal(width, 6)
  await close(page)
})

test(
  'a hub that is not there says so and offers what is near; one segment is a name',
  { timeout: 300_000 },
  async () => {
    const page = await open(browser, crowd.url + '/hubs/default/telemetry_event/events')
    await page.waitForSelector('main a >> text=telemetry_events')
    await page.goto(crowd.url + '/hubs/telemetry_events')
    await page.waitForURL('**/hubs/default/telemetry_events/overview')
    page.wrong = page.wrong.filter((w) => !w.includes('404'))
    await close(page)
  },
)

const looks = [
  { width: 1440, height: 900, theme: 'light', lang: 'en' },
  { width: 1440, height: 900, theme: 'dark', lang: 'ko' },
  { width: 1280, height: 800, theme: 'dark', lang: 'en' },
  { width: 390, height: 844, theme: 'light', lang: 'ko' },
  { width: 390, height: 844, theme: 'dark', lang: 'en' },
]
// there is what a tab shows when it has what it is for.
const there = {
  overview: '.uplot canvas',
  events: '[role=grid] [role=row][data-id]',
  consumers: '[role=grid] >> text=enrich',
  partitions: '[role=row][data-id="15"]',
  settings: 'main form',
}
for (const lang of ['en', 'ko'])
  test(`looks, ${lang}: no serious finding, nothing too wide`, { timeout: 300_000 }, () =>
    visit(
      browser,
      crowd.url,
      looks.filter((l) => l.lang === lang),
      async (page, go, look) => {
        const name = `${look.width}-${look.theme}-${look.lang}`
        for (const [tab, shows] of Object.entries(there)) {
          const one = tab === 'events' && look.width > 1000
          const query = one
            ? `?live=0&q=${encodeURIComponent('body.tempC>40')}&sel=${model[3].partition}.${model[3].sequence}`
            : ''
          await go(`/hubs/default/telemetry_events/${tab}${query}`)
          await page.waitForSelector(shows)
          if (one) await page.waitForSelector('aside.dock >> text=inverters')
          await quiet(page)
          await shot(page, `hubs-${tab}-${name}`)
          assert.deepEqual(await serious(page), [], tab)
          assert.ok((await wide(page)) <= 0, `${tab} is ${await wide(page)} px wider than the screen`)
        }
        await go('/hubs')
        await quiet(page)
        await shot(page, `hubs-list-${name}`)
      },
    ),
  )

test('coming back to the hubs waits for no answer: the first frame has them', async () => {
  await fill(few, 'telemetry_events', 3)
  const page = await open(browser, few.url + '/hubs')
  await page.getByRole('heading', { level: 1, name: 'telemetry_events' }).waitFor()
  await page.locator('main figure').first().waitFor()
  for (let i = 0; i < 3; i++) {
    await page.evaluate(() => document.activeElement.blur())
    await page.keyboard.press('g')
    await page.keyboard.press('o')
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
    await page.locator('[data-box]').first().waitFor()
    // What the page shows when it is first painted without Overview's heading.
    const first = await page.evaluate(async () => {
      for (const key of ['g', 'e'])
        document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))
      for (;;) {
        await new Promise((next) => requestAnimationFrame(next))
        const heading = document.querySelector('main h1')?.textContent
        if (heading && heading !== 'Overview')
          return { heading, rows: document.querySelectorAll('main [role=treeitem]').length > 0 }
      }
    })
    assert.deepEqual(first, { heading: 'telemetry_events', rows: true })
  }
  await close(page)
})

test('a list that was scrolled stays where it is while its figures change', async () => {
  await fill(crowd, 'wide', 2) // it is no idle one
  const page = await open(browser, crowd.url + '/hubs/default/wide/overview')
  const list = page.locator('section.list .scroller')
  await page.getByRole('treeitem', { name: /wide/ }).waitFor()
  const idle = page.getByRole('treeitem', { name: /idle|Idle/ }).first()
  if ((await idle.getAttribute('aria-expanded')) === 'false') await idle.click()
  await eventually('it can be scrolled', () => list.evaluate((e) => e.scrollHeight > 4000))
  await list.evaluate((e) => (e.scrollTop = 3000))
  for (let i = 0; i < 5; i++) {
    await fill(crowd, 'wide', 2)
    await page.waitForTimeout(500)
    assert.equal(await list.evaluate((e) => e.scrollTop), 3000)
  }
  await close(page)
})

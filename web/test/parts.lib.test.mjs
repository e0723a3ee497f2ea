// What the parts compute, without a browser.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { runnerImport } from 'vite'

const lib = async (name) => (await runnerImport(join(import.meta.dirname, '../src/lib', name + '.ts'))).module
let filter, bar, range, json, jsonlines, series, columns, win, branches, marks, navlist, sorted, rows, alike, alone

before(async () => {
  ;[filter, bar, range, json, jsonlines, series, columns, win, branches, marks, navlist, sorted, rows, alike, alone] =
    await Promise.all(
      // prettier-ignore
      ['filter', 'filterbar', 'range', 'json', 'jsonlines', 'series', 'columns', 'window', 'branches', 'marks', 'navlist', 'sorted', 'rows', 'alike', 'lone'].map(lib),
    )
})

const short = (t) => `${t.not ? 'not ' : ''}${t.field ?? 'text'} ${t.op} ${JSON.stringify(t.any)}`

// The cases of internal/filter's own test: both must read the same.
test('filters are read as the server reads them', () => {
  for (const [text, want] of [
    ['', ''],
    ['  ', ''],
    ['boiler', 'text : ["boiler"]'],
    ['-boiler pump', 'not text : ["boiler"]; text : ["pump"]'],
    ['"two words" -"a \\"b\\" \\\\"', 'text : ["two words"]; not text : ["a \\"b\\" \\\\"]'],
    ['key:dangjin', 'key : ["dangjin"]'],
    ['key:dangjin,jeju', 'key : ["dangjin","jeju"]'],
    ['key:"a,b",c', 'key : ["a,b","c"]'],
    ['body.tempC > 40', 'body.tempC > ["40"]'],
    ['body.tempC>=40 seq<5', 'body.tempC >= ["40"]; seq < ["5"]'],
    ['body.x != -5', 'body.x != ["-5"]'],
    ['prop.schema:telemetry/2', 'prop.schema : ["telemetry/2"]'],
    ['prop."my name"="x y"', 'prop."my name" = ["x y"]'],
    ['time>2026-01-02T03:04:05Z', 'time > ["2026-01-02T03:04:05Z"]'],
    ['10.0.0.1', 'text : ["10.0.0.1"]'],
    ['당진 body.도시:당진', 'text : ["당진"]; body.도시 : ["당진"]'],
    ['a -', 'text : ["a"]; text : ["-"]'],
    ['-prop.a:* x', 'not prop.a : ["*"]; text : ["x"]'],
    ['body.items.0.id = A1 later', 'body.items.0.id = ["A1"]; text : ["later"]'],
  ]) {
    const { terms, wrong } = filter.parse(text)
    assert.equal(terms.map(short).join('; '), want, text)
    assert.deepEqual(wrong, [], text)
  }
})

test('what is no term is named with its place, and the rest is read', () => {
  for (const [text, from, to, why] of [
    ['key:', 0, 4, 'value'],
    ['a key>', 2, 6, 'value'],
    ['key:a,', 0, 6, 'value'],
    ['x "open', 2, 7, 'quote'],
    ['seq>3,4', 0, 7, 'one'],
    [':x', 0, 2, 'field'],
  ])
    assert.deepEqual(filter.parse(text).wrong, [{ from, to, why }], text)
  assert.equal(filter.parse('key: x').terms.map(short).join(), 'text : ["x"]')
})

test('terms are written so that they are read as they were', () => {
  for (const text of [
    'a b',
    'key:"a,b",c',
    '-"two words"',
    'x>5',
    '"10:30"',
    'f="a b"',
    '"-minus"',
    '"a \\"b\\""',
    'n!=3',
  ])
    assert.equal(filter.write(filter.parse(text).terms), text)
  assert.equal(filter.toggle('a', 'level', 'error'), 'a level:error')
  assert.equal(filter.toggle('a level:error b', 'level', 'error'), 'a b')
  assert.equal(filter.toggle('', 'name', 'a b'), 'name:"a b"')
  assert.equal(filter.without('a b:c d', 1), 'a d')
})

test('rows are matched', () => {
  const row = { name: 'enrich', ms: 2800, level: 'error', took: '2.8s', none: null, at: '2026-01-02T03:04:05Z' }
  const passes = (q) => filter.matches(filter.parse(q).terms, (f) => row[f], 'panic in Enrich')
  for (const q of [
    '',
    'enrich PANIC',
    'name:rich',
    'name=enrich',
    '-name:x',
    'ms>2000',
    'ms>2s',
    'ms:2800',
    'took>=2800',
    'level:warn,error',
    'level:*',
    '-none:*',
    'name!=x',
    'at>2026-01-01T00:00:00Z',
  ])
    assert.ok(passes(q), q)
  for (const q of [
    'absent',
    'name=Enrich',
    'name:x',
    '-name:rich',
    'ms>3000',
    'ms<2s',
    'ms:28',
    'none:*',
    'nofield:a',
    'name>5',
    'level!=error',
  ])
    assert.ok(!passes(q), q)
})

test('completion knows what is wanted at the end of a text', () => {
  assert.deepEqual(bar.completion('re', 2), { kind: 'field', prefix: 're', before: '' })
  assert.deepEqual(bar.completion('a -re', 5), { kind: 'field', prefix: 're', before: 'a -' })
  assert.deepEqual(bar.completion('result:fa', 9), { kind: 'value', field: 'result', prefix: 'fa', before: 'result:' })
  assert.deepEqual(bar.completion('k:a,b', 5), { kind: 'value', field: 'k', prefix: 'b', before: 'k:a,' })
  assert.deepEqual(bar.completion('n > 4', 5), { kind: 'value', field: 'n', prefix: '4', before: 'n > ' })
  const fields = [{ name: 'result' }, { name: 'body.', open: true }]
  assert.equal(bar.finished('panic ', fields), true)
  assert.equal(bar.finished('result ', fields), false, 'an operator may follow')
  assert.equal(bar.finished('body.tempC ', fields), false)
  assert.equal(bar.finished('body.tempC > ', fields), false)
  assert.equal(bar.finished('body.tempC > 40 ', fields), true)
  assert.equal(bar.finished('"open ', fields), false)
  assert.equal(bar.chars('당진 x', 7), 3, 'bytes to characters')
})

const now = Date.UTC(2026, 10, 29, 14, 30, 0)
const utc = { lang: 'en', utc: true }
const clock = (r) => r && [r.from, r.to].map((v) => v.replace('2026-11-', '').replace(':00.000Z', ''))

test('ranges are read as people type them', () => {
  for (const [typed, from, to] of [
    ['15m', 'now-15m', 'now'],
    ['-2h', 'now-2h', 'now'],
    ['last 30 min', 'now-30m', 'now'],
    ['Last 7 days', 'now-7d', 'now'],
    ['최근 15분', 'now-15m', 'now'],
    ['14:20-14:28', '29T14:20', '29T14:28'],
    ['14:20–14:28', '29T14:20', '29T14:28'],
    ['14:20 - 14:28', '29T14:20', '29T14:28'],
    ['14:20', '29T14:20', 'now'],
    ['23:50-23:59', '28T23:50', '28T23:59'],
    ['23:50-00:10', '28T23:50', '29T00:10'],
    ['yesterday', '28T00:00', '29T00:00'],
    ['어제', '28T00:00', '29T00:00'],
    ['today', '29T00:00', 'now'],
    ['2026-11-27', '27T00:00', '28T00:00'],
    ['2026-11-27 10:00 - 11:00', '27T10:00', '27T11:00'],
    ['2026-11-27 10:00-11:00', '27T10:00', '27T11:00'],
    ['2026-11-26 - 2026-11-27', '26T00:00', '28T00:00'],
    ['-2h - -1h', '29T12:30', '29T13:30'],
    ['10:00 - now', '29T10:00', 'now'],
  ])
    assert.deepEqual(clock(range.parse(typed, now, true)), [from, to], typed)
  for (const typed of ['', 'soon', '25:99', '14:28-14:28', '2026-13-01', '0m', '2026-12-01', 'now'])
    assert.equal(range.parse(typed, now, true), null, typed)
})

test('ranges mean moments, step and are named', () => {
  const live = { from: 'now-15m', to: 'now' }
  assert.deepEqual(range.span(live, now), { from: now - 900_000, to: now, live: true })
  const fixed = range.fixed(now - 600_000, now - 120_000)
  assert.equal(range.span(fixed, now).live, false, 'a fixed end is never live')
  assert.deepEqual(range.span({ from: 'rubbish', to: '?' }, now), { from: now - 900_000, to: now, live: true })
  assert.equal(range.span({ from: String(now - 5000), to: String(now) }, now).from, now - 5000)
  assert.deepEqual(range.step(live, -1, now), range.fixed(now - 1_800_000, now - 900_000))
  assert.deepEqual(range.step(live, 1, now), live)
  assert.deepEqual(range.step(range.fixed(now - 1_800_000, now - 900_000), 1, now), range.fixed(now - 900_000, now))
  assert.equal(range.show(live, utc, now), 'Last 15 min')
  assert.equal(range.show(live, { lang: 'ko', utc: true }, now), '최근 15분')
  assert.equal(range.show(fixed, utc, now), '14:20–14:28')
  assert.equal(range.show(range.fixed(now - 90_061_000, now - 90_000_000), utc, now), '2026-11-28 13:28:59–13:30:00')
})

test('JSON stays as it was written; a fault has its place', () => {
  const text = '{"b": 12345678901234567890, "a": 1.50, "a": [1e3, -0.0], "s": "\\u202e\\"", "x": {}}'
  assert.equal(
    json.text(json.read(text), 0),
    '{"b":12345678901234567890,"a":1.50,"a":[1e3,-0.0],"s":"\u202e\\"","x":{}}',
  )
  for (const [wrong, line, column] of [
    ['', 1, 1],
    ['{"a": 1,}', 1, 9],
    ['{\n "a": 1\n "b": 2}', 3, 2],
    ['[1, 2', 1, 6],
    ['nul', 1, 1],
    ['"a\nb"', 1, 1],
    ['{"a":1} x', 1, 9],
    ['01', 1, 2],
    ['['.repeat(501) + ']'.repeat(501), 1, 501],
  ]) {
    const r = json.read(wrong)
    assert.ok(json.isFault(r), wrong)
    assert.deepEqual([r.line, r.column], [line, column], wrong)
  }
  const folds = { open: new Set(), shut: new Set(), depth: 1, more: new Map() }
  const lines = jsonlines.lines(json.read('{"a":{"b":1},"c d":[2]}'), folds)
  assert.deepEqual(
    lines.map((l) => l.path + (l.close ?? '')),
    ['$', '$.a', '$["c d"]', '$}'],
  )
  assert.equal(jsonlines.brief(lines[1].node), '{ b: 1 }')
  const long = jsonlines.lines(json.of(Array.from({ length: 450 }, (_, i) => i)), folds)
  assert.equal(long.find((l) => l.rest).rest, 250)
})

test('gaps stay gaps, lone samples are dots', () => {
  assert.equal(series.stepOf([0, 10, 20, 30, 90]), 10)
  const [t, [v]] = series.withGaps([0, 10, 20, 90, 100], [[1, 2, 3, 4, 5]], 10)
  assert.deepEqual(
    [t, v],
    [
      [0, 10, 20, 30, 90, 100],
      [1, 2, 3, null, 4, 5],
    ],
  )
  assert.deepEqual(series.bridged([1, null, 2, null, null, 3, null]), [1, undefined, 2, null, null, 3, null])
  const fifth = [1, null, null, null, null, 2, null, null, null, null, 3, null, null, null, null, 4]
  assert.ok(!series.bridged(fifth).includes(null), 'a series with a rhythm of its own is a line')
  const torn = series.bridged([...fifth, ...Array(12).fill(null), 5])
  assert.equal(torn.filter((x) => x === null).length, 12, 'and has its gaps')
  assert.deepEqual(series.bridged([1, null, null, null, 2]), [1, null, null, null, 2], 'two values have no rhythm')
  assert.deepEqual(series.lone([null, 5, null, 1, 2, null, 7]), [1, 6])
  assert.deepEqual(series.lone([5]), [0])
  assert.deepEqual(series.lone([1, undefined, 2, null, 3]), [4])
  assert.deepEqual(
    series.stacked([
      [1, 2, null],
      [3, null, 4],
    ]),
    [
      [1, 2, null],
      [4, null, 4],
    ],
  )
})

test('columns fit, keep their order and their widths', () => {
  const cols = [
    { id: 'a', width: 100 },
    { id: 'b', width: 100, priority: 3 },
    { id: 'c', grow: 1, min: 150 },
    { id: 'd', width: 80, priority: 9 },
    { id: 'e', hidden: true },
  ]
  const ids = (room, l = columns.untouched) =>
    columns
      .fitting(cols, l, room)
      .map((c) => c.id)
      .join('')
  assert.equal(ids(500), 'abcd')
  assert.equal(ids(400), 'abc')
  assert.equal(ids(260), 'ac')
  assert.equal(ids(100), 'ac', 'what has no priority stays')
  assert.equal(ids(900, { ...columns.untouched, shown: { e: true, a: false } }), 'bcde')
  assert.equal(
    columns
      .ordered(cols, ['c', 'a'])
      .map((c) => c.id)
      .join(''),
    'cdeab',
  )
  assert.equal(columns.tracks(cols.slice(0, 2), columns.untouched), '100px minmax(100px, 1fr)')
  assert.deepEqual(columns.layoutOf('no json'), columns.untouched)
})

test('a window of a long list is at most 60 rows', () => {
  for (const height of [0, 300, 868, 1400, 1700])
    for (const top of [0, 777, 1_000_000, 3_200_000 - height]) {
      const { from, to } = win.window(top, height, 32, 100_000)
      assert.ok(to - from <= 60, `${to - from} rows of ${height} px`)
      assert.ok(from * 32 <= top && to * 32 >= Math.min(3_200_000, top + height), 'what is in sight is drawn')
    }
  assert.deepEqual(win.window(0, 600, 32, 3), { from: 0, to: 3 })
  assert.equal(win.reveal(10, 32, 0, 320), 32)
  assert.equal(win.reveal(2, 32, 320, 320), 64)
})

test('a list stands in the order of its names, whatever came or went', () => {
  const list = new rows.List()
  const ids = () => list.sorted().map((r) => r.id)
  const row = (id, v = 0) => ({ id, v })
  assert.ok(list.apply({ rev: 1, all: true, set: ['job-2', 'job-10', 'job-1'].map((id) => row(id)), del: [] }))
  assert.deepEqual(ids(), ['job-1', 'job-2', 'job-10'])
  assert.ok(list.apply({ rev: 2, set: [row('job-9'), row('job-10', 5)], del: ['job-1'] }))
  assert.deepEqual(ids(), ['job-2', 'job-9', 'job-10'])
  assert.equal(list.sorted()[2].v, 5)
  assert.ok(!list.apply({ rev: 4, set: [], del: [] }))
  assert.ok(list.apply({ rev: 7, all: true, set: [row('b'), row('a')], del: [] }))
  assert.deepEqual(ids(), ['a', 'b'])
})

test('names stand as the browser itself would order them', () => {
  const { compare } = new Intl.Collator(undefined, { numeric: true })
  const letters = [...'aAbBzZ0019', ...` _-,;:!?.'"()[]{}@*/\\&#%\`^+<=>|~$`, '한', 'é', '\u0301']
  let seed = 1
  const any = (n) => (seed = (seed * 48271) % 2147483647) % n
  const text = () => Array.from({ length: any(6) }, () => letters[any(any(8) ? 10 : letters.length)]).join('')
  for (let i = 0; i < 20_000; i++) {
    const [a, b] = [text(), text()]
    assert.equal(Math.sign(sorted.byName(a, b)), Math.sign(compare(a, b)), JSON.stringify([a, b]))
  }
  assert.deepEqual(['average-10', 'Average-2', 'average-2'].toSorted(sorted.byName), [
    'average-2',
    'Average-2',
    'average-10',
  ])
})

test('trees, lists, orders and marks', () => {
  const tree = [
    {
      id: '1',
      name: 'db',
      children: [
        { id: '2', name: 'Sites' },
        { id: '3', name: 'events' },
      ],
    },
    { id: '4', name: 'other', children: null },
  ]
  const seen = (open, text = '') =>
    branches.branches(tree, { open: new Set(open), loaded: new Map(), text }).map((b) => b.level + b.node.name)
  assert.deepEqual(seen([]), ['1db', '1other'])
  assert.deepEqual(seen(['1']), ['1db', '2Sites', '2events', '1other'])
  assert.deepEqual(seen([], 'site'), ['1db', '2Sites'])
  const rows = [
    { id: 'a', name: 'alert', group: 'x' },
    { id: 'b', name: 'boom', group: 'y' },
    { id: 'c', name: 'calm' },
  ]
  const groups = [
    { id: 'y', name: 'Y', folded: true },
    { id: 'x', name: 'X' },
  ]
  const keys = (folds, text) =>
    navlist
      .outline(rows, groups, folds, text)
      .map((l) => l.key)
      .join(' ')
  assert.equal(keys({}, ''), 'r:c g:y g:x r:a')
  assert.equal(keys({ y: false }, ''), 'r:c g:y r:b g:x r:a')
  assert.equal(keys({}, 'boom'), 'g:y r:b')
  const order = (down) =>
    sorted
      .sorted(
        ['b10', null, 'b9'].map((v) => ({ v })),
        (r) => r.v,
        down,
      )
      .map((r) => r.v)
  assert.deepEqual(order(false), ['b9', 'b10', null])
  assert.deepEqual(order(true), ['b10', 'b9', null])
  assert.equal(marks.middle('0123456789abcdef', 9), '012345…ef')
  assert.deepEqual(
    marks
      .lit('a Panic b', ['panic'])
      .filter((p) => p.lit)
      .map((p) => p.text),
    ['Panic'],
  )
})

test('boxes that lead to the same stand in the order in which they were given', () => {
  const box = (id) => ({ id, width: 10, height: 5 })
  const shape = {
    boxes: ['a', 'b', 'f', 'g', 'other'].map(box),
    edges: ['f', 'g'].flatMap((to) => ['a', 'b'].map((from) => ({ from, to }))).concat({ from: 'other', to: 'f' }),
  }
  const at = { a: [0, 20], b: [0, 10], other: [0, 0], f: [30, 5], g: [30, 15] }
  const boxes = Object.fromEntries(Object.entries(at).map(([id, [x, y]]) => [id, { x, y }]))
  const routes = Object.fromEntries(shape.edges.map((e) => [e.from + '\n' + e.to, [boxes[e.from], boxes[e.to]]]))
  const laid = alike.inOrder(shape, { width: 40, height: 25, boxes, routes })
  assert.deepEqual(laid.boxes, { ...boxes, a: boxes.b, b: boxes.a })
  for (const e of shape.edges)
    assert.deepEqual(laid.routes[e.from + '\n' + e.to], [laid.boxes[e.from], laid.boxes[e.to]], JSON.stringify(e))
})

test('boxes that no line leads to stand in rows under the others', () => {
  const boxes = ['a', 'x', 'b', 'y', 'z'].map((id) => ({ id, width: 100, height: 50 }))
  const shape = { boxes, edges: [{ from: 'a', to: 'b' }] }
  assert.deepEqual(
    alone.lone(shape).map((b) => b.id),
    ['x', 'y', 'z'],
  )
  const laid = { width: 270, height: 74, boxes: { a: { x: 12, y: 12 }, b: { x: 158, y: 12 } }, routes: {} }
  const all = alone.below(laid, alone.lone(shape))
  assert.deepEqual([all.boxes.a, all.boxes.b], [laid.boxes.a, laid.boxes.b])
  for (const id of ['x', 'y', 'z']) assert.ok(all.boxes[id].y > 62, id)
  assert.deepEqual(all.boxes.y, { x: 158, y: all.boxes.x.y })
  assert.equal(all.boxes.z.y, all.boxes.x.y + 64)
  assert.equal(all.height, all.boxes.z.y + 62)
  const only = alone.below(
    { width: 0, height: 0, boxes: {}, routes: {} },
    Array(40)
      .fill(boxes)
      .flat()
      .map((b, i) => ({ ...b, id: i })),
  )
  assert.ok(only.width / only.height > 1.5 && only.width / only.height < 3, `${only.width} by ${only.height}`)
  assert.equal(alone.below(laid, []), laid)
})

// The browser's own formatter is the model; a tie of binary fractions it rounds by
// the digits that are shown, so none is drawn.
test('numbers are written as both languages write them', async () => {
  const { write, clock } = await lib('locale')
  for (const language of ['en-GB', 'ko-KR'])
    for (const [least, most] of [
      [0, 0],
      [1, 1],
      [0, 3],
      [2, 2],
    ]) {
      const model = new Intl.NumberFormat(language, { minimumFractionDigits: least, maximumFractionDigits: most })
      for (let i = 0; i < 2000; i++) {
        const v = Math.round(Math.sin(i * 7.77) * 10 ** (i % 9)) + (i % 3 ? (i % 977) / 977 : 0)
        assert.equal(write(v, least, most), model.format(v), `${v} with ${least} to ${most} decimals`)
      }
    }
  assert.equal(write(1e21, 0, 2), '1e+21')
  assert.equal(clock(new Date(2026, 10, 30, 0, 5, 9)), '00:05:09')
})

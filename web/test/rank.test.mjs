// What the palette finds, and what it puts first.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createServer } from 'vite'

let vite, rank, nearest, findHangul

before(async () => {
  vite = await createServer({
    root: join(import.meta.dirname, '..'),
    configFile: false,
    server: { middlewareMode: true },
    optimizeDeps: { noDiscovery: true },
    logLevel: 'error',
  })
  ;({ rank } = await vite.ssrLoadModule('/src/lib/rank.ts'))
  ;({ nearest } = await vite.ssrLoadModule('/src/lib/near.ts'))
  ;({ findHangul } = await vite.ssrLoadModule('/src/lib/hangul.ts'))
})

after(() => vite?.close())

const names = (...texts) => texts.map((text) => ({ text, to: '/' + text }))
const found = (q, all, recent) => rank(q, all, recent).map((r) => r.it.text)

test('words that stand apart are found, also in Hangul', () => {
  const all = names('telemetry_events: 이벤트 보내기', 'telemetry_events: 새 그룹', 'orders: send events')
  assert.deepEqual(found('telemetry_events 보내기', all), ['telemetry_events: 이벤트 보내기'])
  assert.deepEqual(found('orders events', all)[0], 'orders: send events')
})

test('a verb is found by the words of the other language', () => {
  const all = [{ text: '이벤트 허브 만들기', also: '새 허브\nCreate an event hub\nNew hub' }, { text: 'my_hub' }]
  const [first] = rank('new hub', all)
  assert.deepEqual([first.it.text, first.other, first.near, first.marks], ['이벤트 허브 만들기', true, undefined, []])
  assert.deepEqual(found('event hub', all), ['이벤트 허브 만들기'])
  assert.equal(rank('허브', all)[0].other, undefined)
})

test('exact, prefix, recent, inside, pieces: in this order', () => {
  const all = names('all_orders', 'orders_eu', 'orders', 'reorders', 'our_riders', 'other')
  assert.deepEqual(found('orders', all), ['orders', 'orders_eu', 'all_orders', 'reorders', 'our_riders'])
  assert.deepEqual(found('orders', all, ['/reorders']), ['orders', 'orders_eu', 'reorders', 'all_orders', 'our_riders'])
  assert.deepEqual(found('televents', names('telemetry_events', 'television')), ['telemetry_events'])
  assert.deepEqual(found('db/or', names('db/orders', 'orders')), ['db/orders'])
  assert.deepEqual(found('zzz', all), [])
  assert.deepEqual(rank('rd', names('orders'))[0].marks, [[1, 3]])
})

test('anything may be typed', () => {
  for (const q of ['[', '\\', '(*', '.*', '%', '한', 'ㄱ', '"', 'a b', '  ', '😀']) rank(q, names('a[b', 'x'))
})

test('Hangul: first consonants, and a syllable that is not finished', () => {
  assert.equal(findHangul('ㅂㅈㅅ', '당진_발전소'), 3)
  assert.equal(findHangul('바', '당진_발전소'), 3)
  assert.equal(findHangul('발저', '당진_발전소'), 3)
  assert.equal(findHangul('밥', '당진_발전소'), -1)
  assert.deepEqual(found('ㄷㅈ', names('서울', '당진_발전소')), ['당진_발전소'])
})

test('5,000 names within 50 ms', () => {
  const many = names(...Array.from({ length: 5000 }, (_, i) => `plant_${i}_telemetry_${(i * 7919) % 5000}`))
  let best = Infinity
  for (let i = 0; i < 5; i++) {
    const from = performance.now()
    assert.ok(rank('plt49', many).length > 0)
    best = Math.min(best, performance.now() - from)
  }
  console.log(`5,000 names: ${best.toFixed(1)} ms`)
  assert.ok(best < 50, `${best} ms`)
})

test('what is near a mistyped name', () => {
  const all = names('telemetry_events', 'orders', 'alarms')
  assert.deepEqual(
    nearest('telemetry_evens', all, (n) => [n.text], 3).map((n) => n.text),
    ['telemetry_events'],
  )
  assert.deepEqual(nearest('ordres', all, (n) => [n.text], 3).map((n) => n.text)[0], 'orders')
  assert.deepEqual(
    nearest('zzzzzzzz', all, (n) => [n.text], 3),
    [],
  )
})

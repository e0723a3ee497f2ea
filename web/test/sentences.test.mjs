// The server's sentences in Korean: each of a filter has one, and none is of a format
// that the server does not have any more.
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createServer } from 'vite'
import { root } from './instance.mjs'

const rooms = ['host/scale', 'filter', 'page/functions', 'page/hubs', 'page/insights', 'page/logs', 'page/jobs']
const telling = ['page/functions', 'page/hubs', 'page/insights', 'page/logs', 'filter']
let vite, sentences, inKorean

async function code(room) {
  const dir = join(root, 'internal', room)
  const names = (await readdir(dir)).filter((n) => n.endsWith('.go') && !n.endsWith('_test.go'))
  return (await Promise.all(names.map((n) => readFile(join(dir, n), 'utf8')))).join('\n')
}

before(async () => {
  vite = await createServer({
    root: join(import.meta.dirname, '..'),
    configFile: false,
    server: { middlewareMode: true },
    optimizeDeps: { noDiscovery: true },
    logLevel: 'error',
  })
  ;({ sentences, inKorean } = await vite.ssrLoadModule('/src/lib/sentences.ts'))
})

after(() => vite?.close())

const inGo = (format) => format.replace(/^%s; |%s$/g, (end) => (end === '%s' ? '' : '; ')).replaceAll('"', '\\"')

test('each sentence is one that the server has', async () => {
  const all = (await Promise.all(rooms.map(code))).join('\n')
  for (const format of Object.keys(sentences)) {
    const there = all.includes(JSON.stringify(format).slice(1, -1)) || all.includes(inGo(format))
    assert.ok(there, format)
  }
})

test('what a filter answers is known in Korean', async () => {
  let found = 0
  for (const room of telling)
    for (const [, format] of (await code(room)).matchAll(/\.Wrong(?:Value)?\("((?:[^"\\]|\\.)*)"/g)) {
      found++
      assert.ok(sentences[JSON.parse(`"${format}"`)], `${room}: ${format}`)
    }
  assert.ok(found > 15, `${found} are found`)
})

test('values stand where the language has them, and other texts stay', () => {
  for (const [text, want] of [
    ['3 more asked for; the app has at most 9', '3개 더 필요하지만 앱은 최대 9개'],
    ['512 events, 64 for an instance', '이벤트 512개, 인스턴스당 64개'],
    [
      '512 events, 64 for an instance: 8, but no more than 4 partitions; asks for 4 for 2m0s longer, because it asked for more a moment ago',
      '이벤트 512개, 인스턴스당 64개: 8개, 다만 파티션 수인 4개까지. 방금 더 많이 필요했으므로 2m0s 동안은 4개를 유지',
    ],
    [
      '"a \\"b\\"" is no level; there are debug, info, warn and error',
      '"a \\"b\\"": 그런 수준이 없습니다. debug, info, warn, error가 있습니다',
    ],
    ['the quote is not closed', '따옴표가 닫히지 않았습니다'],
    ['dial tcp 127.0.0.1:1: connection refused', 'dial tcp 127.0.0.1:1: connection refused'],
    ['', ''],
  ])
    assert.equal(inKorean(text), want)
  for (const korean of Object.values(sentences)) assert.match(korean, /[가-힣]/)
})

// The rules of a dashboard's file in the browser: places, changes of the text,
// joining.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { transformWithOxc } from 'vite'

// source is a module of the pages that imports no other.
async function source(name) {
  const path = join(import.meta.dirname, '../src/pages/dashboards', name)
  const { code } = await transformWithOxc(await readFile(path, 'utf8'), path)
  return import('data:text/javascript,' + encodeURIComponent(code))
}
const { get, put, read } = await source('file.ts')
const { merge } = await source('merge.ts')
const { places, reading } = await source('place.ts')

const file = `{
  "name": "a", "n": 1.50,
  "tiles": [
    {"type": "line", "w": 6},
    {"type":"bar" }
  ]
}
`
test('only what changes is written anew', () => {
  assert.equal(put(file, ['tiles', 0, 'w'], 4), file.replace('"w": 6', '"w": 4'))
  assert.equal(put(file, ['tiles', 0, 'w'], 6), file)
  assert.equal(put(file, ['tiles', 1, 'w'], 4), file.replace('{"type":"bar" }', '{"type":"bar", "w": 4 }'))
  assert.equal(put(file, ['tiles', 0, 'w'], undefined), file.replace(', "w": 6', ''))
  assert.equal(put(file, ['tiles', 0], undefined), file.replace('{"type": "line", "w": 6},\n    ', ''))
  assert.equal(put(file, ['tiles', 1], undefined), file.replace(',\n    {"type":"bar" }', ''))
  assert.equal(
    put(file, ['tiles', 2], { type: 'map', title: { en: 'x, "y"' } }),
    file.replace('"bar" }', '"bar" },\n    {"type": "map", "title": {"en": "x, \\"y\\""}}'),
  )
  assert.equal(get(put('{}', ['datasets', 'd'], { push: true }), ['datasets', 'd', 'push']), true)
  assert.equal(get(put('{"tiles": []}', ['tiles', 0], { type: 'map' }), ['tiles', 0, 'type']), 'map')
  assert.equal(put('{"a": [1]}', ['a', 0], undefined), '{"a": []}')
  assert.equal(read('{"a":'), null)
})

test('any change leaves JSON that says the change and nothing else', () => {
  const text = '{"a": {"b": [1, {"c": "}\\"]"}], "d": null}, "e": "x"}'
  for (const path of [['a', 'b', 0], ['a', 'b', 1, 'c'], ['a', 'd'], ['e'], ['f'], ['a', 'g'], ['a', 'b', 2]])
    for (const value of [5, 'y', { z: [] }, undefined]) {
      const want = JSON.parse(text)
      let at = want
      for (const step of path.slice(0, -1)) at = at[step]
      const last = path.at(-1)
      if (value !== undefined) at[last] = value
      else if (Array.isArray(at)) at.splice(last, 1)
      else delete at[last]
      assert.deepEqual(JSON.parse(put(text, path, value)), want, JSON.stringify([path, value]))
    }
})

test('two changes are joined, unless they meet', () => {
  const base = '{\n"a": 1,\n"b": 2,\n"c": 3,\n"d": 4\n}'
  const mine = base.replace('1', '10')
  assert.equal(merge(base, mine, base.replace('4', '40')), mine.replace('4', '40'))
  assert.equal(merge(base, mine, base.replace('"c": 3,\n', '')), mine.replace('"c": 3,\n', ''))
  assert.equal(merge(base, mine, base.replace('"c": 3', '"x": 0,\n"c": 3')), mine.replace('"c": 3', '"x": 0,\n"c": 3'))
  assert.equal(merge(base, mine, base.replace('1', '11')), null)
  assert.equal(merge(base, mine, mine), mine)
  assert.equal(merge(base, base, mine), mine)
  assert.equal(merge(base, mine, base), mine)
  assert.equal(merge(base, base.replace('4', '4,\n"m": 1'), base.replace('4', '4,\n"t": 1')), null)
})

test('tiles stand where they say, the others where there is room behind the one before', () => {
  const at = (tiles) =>
    places(tiles)
      .map((p) => `${p.x},${p.y}`)
      .join(' ')
  assert.equal(
    at([
      { w: 6, h: 2 },
      { w: 6, h: 3 },
      { w: 3, h: 1 },
    ]),
    '0,0 6,0 0,2',
  )
  assert.equal(
    at([
      { w: 8, h: 1 },
      { w: 8, h: 1 },
    ]),
    '0,0 0,1',
  )
  assert.equal(
    at([
      { w: 4, h: 1 },
      { w: 4, h: 2, x: 0, y: 0 },
      { w: 4, h: 1 },
    ]),
    '4,0 0,0 8,0',
  )
  assert.deepEqual(
    reading(
      places([
        { w: 6, h: 1, x: 6, y: 0 },
        { w: 6, h: 1, x: 0, y: 0 },
      ]),
    ),
    [1, 0],
  )
})

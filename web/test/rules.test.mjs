// What holds for all sources of the pages.
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

const src = join(import.meta.dirname, '../src')
const files = (await readdir(src, { recursive: true })).filter((f) => /\.(ts|svelte)$/.test(f))

async function users(pattern) {
  const found = []
  for (const f of files)
    if (pattern.test((await readFile(join(src, f), 'utf8')).replace(/^\s*\/\/.*$/gm, ''))) found.push(f)
  return found.sort()
}

test('one module calls fetch, one opens the stream', async () => {
  assert.ok(files.length > 30, `${files.length} sources found`)
  assert.deepEqual(await users(/\bfetch\b|XMLHttpRequest|sendBeacon/), ['lib/api.ts'])
  assert.deepEqual(await users(/\bnew (EventSource|WebSocket)\b/), ['lib/fan.ts'])
})

// Svelte drops the blanks that a block begins or ends with: "16 s ago· output".
test('no block begins or ends with a point between two things', async () => {
  const block = /\{#if (?:[^{}]|\{[^{}]*\})*\}\s+·|·\s+\{\/if\}/
  assert.match('{#if n.count > 1}\n  · {n.count}{/if}', block)
  assert.deepEqual(await users(block), [])
})

// The browser heeds the mark only before everything else in a script.
test('what runs at once is compiled while it loads', async () => {
  const assets = join(import.meta.dirname, '../dist/assets')
  const marked = (await readdir(assets)).filter((f) => /^(shell|parts)-.*\.js$/.test(f))
  assert.equal(marked.length, 2)
  for (const f of marked) assert.match(await readFile(join(assets, f), 'utf8'), /^\/\/# allFunctionsCalledOnLoad\n/)
})

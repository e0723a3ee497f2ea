// What a browser must load, compressed: the shell, each page beside it, the
// editor. Fails where a budget of the design is broken. The argument is the
// bundle's folder.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

const assets = join(process.argv[2] ?? join(import.meta.dirname, '../dist'), 'assets')
const files = readdirSync(assets)
const text = (f) => readFileSync(join(assets, f), 'utf8')
const size = (f) => gzipSync(readFileSync(join(assets, f)), { level: 9 }).length

// needs are the scripts that a script imports before it runs.
function needs(f, all = new Set()) {
  if (all.has(f)) return all
  all.add(f)
  for (const m of text(f).matchAll(/(?:from|import)\s*["'`]\.\/([\w.-]+\.js)["'`]/g)) needs(m[1], all)
  return all
}

const entry = files.find((f) => /^index-[\w-]+\.js$/.test(f))
const shell = needs(entry)

// styles are what the loader loads with a script that is imported later.
const listed = [...(/m\.f=\[([^\]]*)\]/.exec(text(entry))?.[1] ?? '').matchAll(/["'`]([^"'`]+)["'`]/g)].map((m) => m[1])
function styles(f) {
  const call = text(entry).match(
    new RegExp(`import\\(["'\`]\\./${f.replaceAll('.', '\\.')}["'\`]\\)[^_]*__vite__mapDeps\\(\\[([\\d,]*)\\]`),
  )
  return (call?.[1] ?? '')
    .split(',')
    .filter(Boolean)
    .map((i) => listed[Number(i)].replace('assets/', ''))
    .filter((d) => d.endsWith('.css'))
}

const budgets = []
const sum = (list) => [...list].reduce((n, f) => n + size(f), 0)
const check = (what, list, limit) => budgets.push({ what, kb: sum(list) / 1024, limit })

const css = files.filter((f) => /^index-[\w-]+\.css$/.test(f))
check('shell', shell, 70)
check('shell, styles', css, 12)
check(
  'Latin font',
  files.filter((f) => f.startsWith('pretendard-latin')),
  48,
)
const names = readFileSync(join(assets, '../pages.txt'), 'utf8').split('\n').filter(Boolean)
for (const name of [...names, 'overview']) {
  const page = files.find((f) => new RegExp(`^${name}-[\\w-]{8}\\.js$`).test(f))
  if (!page) throw new Error(`no chunk of the page ${name}`)
  check(name, [...[...needs(page)].filter((f) => !shell.has(f)), ...styles(page)], 60)
}
const editor = files.filter((f) => /^codemirror-.*\.js$/.test(f))
if (!editor.length) throw new Error('no chunk of the editor')
check('editor', editor, 135)

let broken = false
for (const { what, kb, limit } of budgets) {
  broken ||= kb > limit
  console.log(`${kb > limit ? 'OVER ' : ''}${what}: ${kb.toFixed(1)} KB of ${limit}`)
}
process.exit(broken ? 1 : 0)

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

// Of the shell is what the start page names; of a page, what pages.txt says.
const start = readFileSync(join(assets, '../index.html'), 'utf8')
const named = (kind) => [...start.matchAll(new RegExp(`/assets/([\\w.-]+\\.${kind})"`, 'g'))].map((m) => m[1])
const shell = named('js').reduce((all, f) => needs(f, all), new Set())

const budgets = []
const sum = (list) => [...list].reduce((n, f) => n + size(f), 0)
const check = (what, list, limit) => budgets.push({ what, kb: sum(list) / 1024, limit })

check('shell', shell, 70)
check('shell, styles', named('css'), 12)
check(
  'Latin font',
  files.filter((f) => f.startsWith('pretendard-latin')),
  48,
)
for (const line of readFileSync(join(assets, '../pages.txt'), 'utf8').split('\n').filter(Boolean)) {
  const [name, ...needed] = line.split(' ')
  check(
    name === '/' ? 'overview' : name,
    needed.map((f) => f.replace('assets/', '')),
    60,
  )
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

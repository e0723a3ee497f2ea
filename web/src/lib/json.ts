// JSON with everything as it was written: numbers keep their digits, members
// their order and their doubles. For showing, not for computing.

export type Node =
  | { kind: 'object'; members: [name: string, value: Node][] }
  | { kind: 'array'; items: Node[] }
  | { kind: 'string'; text: string }
  | { kind: 'number'; text: string }
  | { kind: 'word'; text: string }

// Fault is where a text stops being JSON, counted from 1.
export interface Fault {
  line: number
  column: number
  found: string // '' at the end
}

const deepest = 500

export function read(text: string): Node | Fault {
  const r = { text, i: 0, depth: 0 }
  try {
    const node = value(r)
    blank(r)
    if (r.i < text.length) throw r.i
    return node
  } catch (at) {
    if (typeof at !== 'number') throw at
    return place(text, at)
  }
}

export const isFault = (n: Node | Fault): n is Fault => 'line' in n

export function place(text: string, at: number): Fault {
  const before = text.slice(0, at)
  const line = before.split('\n').length
  const found = /^([\w$]+|.)/su.exec(text.slice(at))?.[0] ?? ''
  return { line, column: at - before.lastIndexOf('\n'), found }
}

interface Reader {
  text: string
  i: number
  depth: number
}

const blanks = /[ \t\r\n]*/y
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const word = /true|false|null/y

function blank(r: Reader) {
  blanks.lastIndex = r.i
  blanks.exec(r.text)
  r.i = blanks.lastIndex
}

function take(r: Reader, what: RegExp): string | null {
  what.lastIndex = r.i
  const m = what.exec(r.text)
  if (!m) return null
  r.i += m[0].length
  return m[0]
}

function value(r: Reader): Node {
  blank(r)
  const c = r.text[r.i]
  if (c === '{') return nested(r, object)
  if (c === '[') return nested(r, array)
  if (c === '"') return { kind: 'string', text: quoted(r) }
  const n = take(r, number)
  if (n !== null) return { kind: 'number', text: n }
  const w = take(r, word)
  if (w === null) throw r.i
  return { kind: 'word', text: w }
}

function nested(r: Reader, inner: (r: Reader) => Node): Node {
  if (++r.depth > deepest) throw r.i
  r.i++
  const n = inner(r)
  r.depth--
  return n
}

function quoted(r: Reader): string {
  const s = take(r, string)
  if (s === null) throw r.i
  return JSON.parse(s) as string
}

function object(r: Reader): Node {
  const members: [string, Node][] = []
  each(r, '}', () => {
    const name = quoted(r)
    blank(r)
    if (r.text[r.i] !== ':') throw r.i
    r.i++
    members.push([name, value(r)])
  })
  return { kind: 'object', members }
}

function array(r: Reader): Node {
  const items: Node[] = []
  each(r, ']', () => items.push(value(r)))
  return { kind: 'array', items }
}

function each(r: Reader, end: string, one: () => void) {
  blank(r)
  if (r.text[r.i] === end) {
    r.i++
    return
  }
  for (;;) {
    blank(r)
    one()
    blank(r)
    const c = r.text[r.i]
    if (c !== ',' && c !== end) throw r.i
    r.i++
    if (c === end) return
  }
}

// of is any value as such a tree.
export function of(v: unknown): Node {
  const n = read(JSON.stringify(v) ?? 'null')
  return isFault(n) ? { kind: 'word', text: 'null' } : n
}

// text writes a tree again, with an indent as JSON.stringify does it.
export function text(n: Node, indent = 2, level = 0): string {
  if (n.kind === 'string') return JSON.stringify(n.text)
  if (n.kind === 'number' || n.kind === 'word') return n.text
  const parts =
    n.kind === 'object'
      ? n.members.map(([k, v]) => `${JSON.stringify(k)}:${indent ? ' ' : ''}${text(v, indent, level + 1)}`)
      : n.items.map((v) => text(v, indent, level + 1))
  const [open, close] = n.kind === 'object' ? '{}' : '[]'
  if (parts.length === 0) return open + close
  if (!indent) return open + parts.join(',') + close
  const pad = '\n' + ' '.repeat(indent * (level + 1))
  return open + pad + parts.join(',' + pad) + '\n' + ' '.repeat(indent * level) + close
}

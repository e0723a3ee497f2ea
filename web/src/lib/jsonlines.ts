// A JSON value as lines that fold.
import type { Node } from './json'

export interface JsonLine {
  path: string // $.a[0]
  level: number
  name?: string
  node?: Node // missing: a closing bracket, or the rest of a long list
  open?: boolean // undefined: does not fold
  close?: '}' | ']'
  comma: boolean
  rest?: number // so many more are not shown yet
}

export const pageOf = 200

export interface Folds {
  open: ReadonlySet<string> // by hand
  shut: ReadonlySet<string>
  depth: number // opened without being asked
  more: ReadonlyMap<string, number> // how many pages of a long list
}

const plainName = /^[\p{L}_$][\p{L}\p{N}_$]*$/u
export const pathOf = (at: string, name: string) =>
  plainName.test(name) ? `${at}.${name}` : `${at}[${JSON.stringify(name)}]`

export function lines(root: Node, folds: Folds): JsonLine[] {
  const out: JsonLine[] = []
  add(out, root, '$', 0, undefined, false, folds)
  return out
}

function add(
  out: JsonLine[],
  n: Node,
  path: string,
  level: number,
  name: string | undefined,
  comma: boolean,
  f: Folds,
) {
  if (n.kind !== 'object' && n.kind !== 'array') {
    out.push({ path, level, name, node: n, comma })
    return
  }
  const all: [string, string | undefined, Node][] =
    n.kind === 'object'
      ? n.members.map(([k, v]) => [pathOf(path, k), k, v])
      : n.items.map((v, i) => [`${path}[${i}]`, String(i), v])
  const open = all.length > 0 && (f.open.has(path) || (level < f.depth && !f.shut.has(path)))
  out.push({ path, level, name, node: n, open: all.length ? open : undefined, comma: comma && !open })
  if (!open) return
  const most = pageOf * (f.more.get(path) ?? 1)
  all.slice(0, most).forEach(([p, k, v], i) => add(out, v, p, level + 1, k, i < all.length - 1, f))
  if (all.length > most) out.push({ path, level: level + 1, comma: false, rest: all.length - most })
  out.push({ path, level, close: n.kind === 'object' ? '}' : ']', comma })
}

// brief is what a folded value shows of itself.
export function brief(n: Node): string {
  if (n.kind === 'array') return `[${n.items.length}]`
  if (n.kind !== 'object') return ''
  if (n.members.length === 0) return '{}'
  const [name, first] = n.members[0]
  const shown =
    first.kind === 'object'
      ? '{…}'
      : first.kind === 'array'
        ? '[…]'
        : first.kind === 'string'
          ? JSON.stringify(short(first.text))
          : first.text
  const rest = n.members.length - 1
  return `{ ${name}: ${shown}${rest ? `, …${rest}` : ''} }`
}

const short = (s: string) => (s.length > 24 ? s.slice(0, 23) + '…' : s)

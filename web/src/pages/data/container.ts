// A container as the page speaks of it, and to its addresses.
import { path } from '../../lib/api'
import { isFault, read, text, type Node } from '../../lib/json'
import { escaped } from '../../lib/marks'
import { usual } from '../../lib/places'
import { link } from '../../lib/router.svelte'
import type { Container } from '../../lib/wire'

export type View = 'items' | 'query' | 'changes' | 'settings'
export const views: readonly View[] = ['items', 'query', 'changes', 'settings']

// api is an address below the container.
export const api = (c: Container, ...rest: string[]) =>
  path('accounts', c.account, 'databases', c.database, 'containers', c.name, ...rest)

export const to = (c: Container, view: View, asked: Record<string, string | number | null> = {}) =>
  link('data', c.account, c.database, c.name, view, asked)

// system are the properties that the store adds to an item.
export const system: readonly string[] = ['_rid', '_self', '_etag', '_attachments', '_ts']

// ownText is a document without what the store added, laid out to be edited.
// Characters that cannot be seen are written as escapes, which mean the same.
export function ownText(doc: string): string {
  const node = read(doc)
  if (isFault(node)) return doc
  if (node.kind === 'object') node.members = node.members.filter(([name]) => !system.includes(name))
  return escaped(text(node))
}

// laidOut is a text as ownText lays it out, if it is JSON.
export function laidOut(doc: string): string {
  const node = read(doc)
  return isFault(node) ? doc : escaped(text(node))
}

const longest = 600 // characters of a text in a tree

// shortened cuts long texts of a document, for a tree that is to be read.
export function shortened(doc: string): { text: string; cut: boolean } {
  let cut = false
  const short = (n: Node): Node => {
    if (n.kind === 'object') return { ...n, members: n.members.map(([name, v]) => [name, short(v)]) }
    if (n.kind === 'array') return { ...n, items: n.items.map(short) }
    if (n.kind !== 'string' || n.text.length <= longest) return n
    cut = true
    return { ...n, text: n.text.slice(0, longest) + '…' }
  }
  if (doc.length <= longest) return { text: doc, cut }
  const node = read(doc)
  return isFault(node) ? { text: doc, cut } : { text: text(short(node)), cut }
}

// member is a property of an object, or undefined.
export const member = (node: Node, name: string): Node | undefined =>
  node.kind === 'object' ? node.members.find(([n]) => n === name)?.[1] : undefined

// template is an item for the partition key's paths.
export function template(keys: readonly string[]): string {
  const made: Record<string, unknown> = { id: 'new-item' }
  for (const path of keys) {
    const names = path
      .split('/')
      .slice(1)
      .map((n) => n.replace(/^"(.*)"$/, '$1'))
    let at = made
    for (const n of names.slice(0, -1)) at = (at[n] ??= {}) as Record<string, unknown>
    const last = names.at(-1)!
    if (!(last in at)) at[last] = 'value'
  }
  return JSON.stringify(made, null, 2)
}

// inQuery writes a property's path for a query.
export const inQuery = (names: readonly string[]) => 'c' + names.map((n) => `[${JSON.stringify(n)}]`).join('')

// inFilter writes it for a filter bar and for sorting.
export const inFilter = (names: readonly string[]) =>
  names.map((n) => (/^[^\s.:=<>"!,-][^\s.:=<>"!,]*$/u.test(n) ? n : JSON.stringify(n))).join('.')

// shell quotes a text for a command line.
export const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

export const cli = (c: Container, sql: string) =>
  `lazuli query ${quoted(sql)} --db ${quoted(c.database)} --container ${quoted(c.name)}` +
  (c.account === usual ? '' : ` --account ${quoted(c.account)}`)

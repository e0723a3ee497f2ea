// Rows of answers: JSON texts that are read when they are shown, so that numbers
// keep their digits and long lists stay quick.
import { bytes } from '../../lib/format'
import { isFault, read, text, type Node } from '../../lib/json'
import type { Column } from '../../ui/types'
import type { Change, DataRow, ItemRow } from '../../lib/wire'
import { member, system } from './container'

export class Shown {
  private tree: Node | undefined

  constructor(
    readonly id: string,
    readonly row: DataRow,
    readonly at?: { continuation?: string; only: number }, // where a query gave it
  ) {}

  get node(): Node {
    if (!this.tree) {
      const n = read(this.row.text)
      this.tree = isFault(n) ? { kind: 'string', text: this.row.text } : n
    }
    return this.tree
  }

  // is says that the row is a whole item, as SELECT * gives it.
  get whole(): boolean {
    return this.node.kind === 'object' && system.filter((n) => member(this.node, n)).length >= 4
  }

  cut(name: string): number {
    return this.row.cut?.[name] ?? 0
  }
}

// Listed is an item of a list, Changed one of the change feed.
export class Listed extends Shown {
  constructor(readonly item: ItemRow) {
    super(item.rid ?? item.id + item.key, item)
  }
}

export class Changed extends Shown {
  constructor(readonly change: Change) {
    super(change.lsn + '/' + change.rid, change)
  }
}

const most = 400 // characters of a cell

// shown is a value in a cell.
export function shown(n: Node | undefined): string {
  if (!n) return ''
  const all = n.kind === 'string' ? n.text : text(n, 0)
  return all.length > most ? all.slice(0, most) + '…' : all
}

// sortable is a value to sort by.
export function sortable(n: Node | undefined): string | number | null {
  if (!n) return null
  if (n.kind === 'number') return Number(n.text)
  return shown(n)
}

export const only = '' // the column of rows that are no objects

// properties are the names in rows, in the order in which they are met, and
// whether all their values are numbers.
export function properties(rows: readonly Shown[]): { name: string; numbers: boolean }[] {
  const found = new Map<string, boolean>()
  const note = (name: string, n: Node) => found.set(name, (found.get(name) ?? true) && n.kind === 'number')
  for (const r of rows.slice(0, 300)) {
    const n = r.node
    if (n.kind !== 'object') note(only, n)
    else for (const [name, v] of n.members) note(name, v)
  }
  return [...found].map(([name, numbers]) => ({ name, numbers }))
}

export const value = (r: Shown, name: string): Node | undefined => (name === only ? r.node : member(r.node, name))

// widths by the first rows: names and values decide.
function wide(rows: readonly Shown[], name: string): number {
  const longest = Math.max(...rows.slice(0, 40).map((r) => Math.min(36, shown(value(r, name)).length)), name.length + 2)
  return Math.max(72, Math.min(300, longest * 7.2 + 22))
}

// columns are the columns of a table of rows.
export function columns(rows: readonly Shown[], valueName: string): Column<Shown>[] {
  const all = properties(rows)
  const items = rows[0]?.whole
  return all.map(({ name, numbers }, i) => ({
    id: name || '(value)',
    name: name || valueName,
    value: (r) => sortable(value(r, name)),
    show: (r) => shown(value(r, name)) + (r.cut(name) ? ` … ${bytes(r.cut(name))}` : ''),
    width: Math.round(wide(rows, name)),
    grow: numbers || name === 'id' ? undefined : 1,
    end: numbers && name !== only,
    mono: name !== 'id',
    hidden: items && system.includes(name),
    priority: i < 3 ? undefined : Math.min(9, i),
  }))
}

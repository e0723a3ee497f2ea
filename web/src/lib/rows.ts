// Lists travel as what changed in them.
import { byName } from './sorted'

export interface Row {
  id: string
}

// Delta is a message of a list's topic: rows that are new or changed, and the
// ids of those that are gone. With all it is the whole list.
export interface Delta<R extends Row = Row> {
  rev: number
  all?: boolean
  set: R[]
  del: string[]
}

export function isDelta(v: unknown): v is Delta {
  return typeof v === 'object' && v !== null && 'rev' in v && 'set' in v && 'del' in v
}

// List is a list as the messages so far leave it.
export class List<R extends Row = Row> {
  rev = 0
  private rows = new Map<string, R>()
  private order: string[] | null = null // of the ids; null: one came or went since

  // apply takes a message; false says that one before it is missing.
  apply(d: Delta<R>): boolean {
    if (d.all) this.rows.clear()
    else if (d.rev !== this.rev + 1) return false
    if (d.all || d.del.length || d.set.some((row) => !this.rows.has(row.id))) this.order = null
    for (const row of d.set) this.rows.set(row.id, row)
    for (const id of d.del) this.rows.delete(id)
    this.rev = d.rev
    return true
  }

  whole(): Delta<R> {
    return { rev: this.rev, all: true, set: [...this.rows.values()], del: [] }
  }

  sorted(): R[] {
    this.order ??= [...this.rows.keys()].sort(byName)
    return this.order.map((id) => this.rows.get(id)!)
  }
}

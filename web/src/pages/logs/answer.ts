// What a query gave, made ready to be shown: rows for the table, numbers for a chart.
import { dateTime, num } from '../../lib/format'
import type { KustoAnswer, KustoColumn } from '../../lib/wire'
import type { Column } from '../../ui/types'

export type Cell = string | number | boolean | null

export interface Row {
  id: string
  cells: Cell[]
}

const numeric = new Set(['int', 'long', 'real', 'decimal'])
export const isNumber = (c: KustoColumn) => numeric.has(c.kind)

export const rowsOf = (a: KustoAnswer): Row[] => a.rows.map((cells, i) => ({ id: String(i), cells: cells as Cell[] }))

const most = 400 // characters of a cell

// shown is a value in a cell.
export function shown(c: KustoColumn, v: Cell): string {
  if (v === null) return ''
  if (c.kind === 'datetime') {
    const ms = /\.(\d{1,3})/.exec(String(v))?.[1]?.padEnd(3, '0') ?? '000'
    return dateTime(String(v)) + '.' + ms
  }
  if (c.kind === 'real' && typeof v === 'number') return num(v, Number.isInteger(v) ? 0 : Math.abs(v) >= 100 ? 2 : 4)
  const text = String(v)
  return text.length > most ? text.slice(0, most) + '…' : text
}

const sortable = (v: Cell) => (typeof v === 'boolean' ? Number(v) : v)

function wide(c: KustoColumn, i: number, rows: readonly Row[]): number {
  const longest = Math.max(
    c.name.length + 2,
    ...rows.slice(0, 40).map((r) => Math.min(40, shown(c, r.cells[i]).length)),
  )
  return Math.round(Math.max(72, Math.min(320, longest * 7.2 + 22)))
}

export const columnsOf = (a: KustoAnswer, rows: readonly Row[]): Column<Row>[] =>
  a.columns.map((c, i) => ({
    id: String(i) + c.name,
    name: c.name,
    value: (r) => sortable(r.cells[i]),
    show: (r) => shown(c, r.cells[i]),
    width: wide(c, i, rows),
    grow: c.kind === 'string' || c.kind === 'dynamic' ? 1 : undefined,
    end: isNumber(c),
    mono: c.kind === 'datetime' || c.kind === 'timespan' || c.kind === 'dynamic' || c.kind === 'guid',
    priority: i < 4 ? undefined : Math.min(9, i),
  }))

export interface Line {
  name: string
  values: (number | null)[]
}

export type Drawing =
  | { kind: 'time'; t: number[]; lines: Line[]; bars: boolean }
  | { kind: 'parts'; round: boolean; unit: string; parts: { name: string; value: number }[] }

const mostParts = 24

// drawing is a chart of an answer: over time where there is a column of times, else one
// bar or slice for each row; null where there is nothing to draw.
export function drawing(a: KustoAnswer, kind: string): Drawing | null {
  const at = (test: (c: KustoColumn) => boolean) => a.columns.findIndex(test)
  const time = at((c) => c.kind === 'datetime')
  const value = at(isNumber)
  if (value < 0 || a.rows.length === 0) return null
  const rows = a.rows as Cell[][]
  if (time >= 0 && !['piechart', 'barchart'].includes(kind)) return overTime(a, rows, time, kind === 'columnchart')
  const name = at((c) => !isNumber(c))
  const parts = rows.map((r) => ({
    name: name < 0 ? '' : shown(a.columns[name], r[name]),
    value: Number(r[value] ?? 0),
  }))
  const whole = parts.filter((p) => Number.isFinite(p.value) && (kind !== 'piechart' || p.value > 0))
  const head = whole.toSorted((x, y) => y.value - x.value)
  const rest = head.slice(mostParts)
  const shownParts = kind === 'piechart' || rest.length ? head.slice(0, mostParts) : whole
  if (rest.length) shownParts.push({ name: `+${rest.length}`, value: rest.reduce((n, p) => n + p.value, 0) })
  return { kind: 'parts', round: kind === 'piechart', unit: a.columns[value].name, parts: shownParts }
}

function overTime(a: KustoAnswer, rows: Cell[][], time: number, bars: boolean): Drawing {
  const moments = [...new Set(rows.map((r) => Date.parse(String(r[time]))))]
    .filter(Number.isFinite)
    .sort((x, y) => x - y)
  const place = new Map(moments.map((t, i) => [t, i]))
  const splits = a.columns.flatMap((c, i) => (i !== time && !isNumber(c) ? [i] : []))
  const lines = new Map<string, Line>()
  for (const [i, c] of a.columns.entries()) {
    if (!isNumber(c)) continue
    for (const r of rows) {
      const p = place.get(Date.parse(String(r[time])))
      if (p === undefined) continue
      const split = splits.map((s) => shown(a.columns[s], r[s])).join(' · ')
      const name = split ? (a.columns.filter(isNumber).length > 1 ? split + ' ' + c.name : split) : c.name
      let line = lines.get(name)
      if (!line) lines.set(name, (line = { name, values: moments.map(() => null) }))
      line.values[p] = r[i] === null ? null : Number(r[i])
    }
  }
  return { kind: 'time', t: moments, lines: [...lines.values()], bars }
}

// Entities of tables: where they are, and their values as texts of types.
import { path } from '../../lib/api'
import { link } from '../../lib/router.svelte'
import type { Phrase } from '../../lib/i18n'
import type { Entity, EntityProperty } from '../../lib/wire'
import type { Column } from '../../ui/types'
import { tableWords as w } from './table.words'

export interface InAccount {
  account: string
  name: string
}

export const api = (table: InAccount, ...more: string[]) =>
  path('storage', table.account, 'tables', table.name, ...more)
export const to = (account: string, name: string) => link('storage', account, 'tables', name)

export const keysOf = (e: { partitionKey: string; rowKey: string }) =>
  new URLSearchParams({ pk: e.partitionKey, rk: e.rowKey }).toString()

// idOf is how a list and an address name an entity.
export const idOf = (e: { partitionKey: string; rowKey: string }) => JSON.stringify([e.partitionKey, e.rowKey])

export function keysFrom(id: string): { partitionKey: string; rowKey: string } | null {
  try {
    const v: unknown = JSON.parse(id)
    if (Array.isArray(v) && v.length === 2 && v.every((k) => typeof k === 'string'))
      return { partitionKey: v[0] as string, rowKey: v[1] as string }
  } catch {
    // an address that somebody typed
  }
  return null
}

// Row is an entity of a list.
export class Row {
  readonly id: string
  private readonly by: Map<string, EntityProperty>

  constructor(readonly entity: Entity) {
    this.id = idOf(entity)
    this.by = new Map(entity.properties.map((p) => [p.name, p]))
  }

  get(name: string): EntityProperty | undefined {
    return this.by.get(name)
  }
}

const numeric = (type: string) => type === 'Edm.Int32' || type === 'Edm.Int64' || type === 'Edm.Double'

const most = 300 // characters of a cell

export function shown(p: EntityProperty | undefined): string {
  if (!p) return ''
  return p.value.length > most || p.cut ? p.value.slice(0, most) + '…' : p.value
}

// columns are the properties of what was seen, in the order in which they were met.
export function columns(rows: readonly Row[]): Column<Row>[] {
  const found = new Map<string, { numbers: boolean; longest: number; type: string }>()
  for (const row of rows)
    for (const p of row.entity.properties) {
      const had = found.get(p.name) ?? { numbers: true, longest: p.name.length + 2, type: p.type }
      had.numbers &&= numeric(p.type)
      had.longest = Math.max(had.longest, Math.min(36, p.value.length))
      found.set(p.name, had)
    }
  return [...found].map(([name, { numbers, longest }], i) => ({
    id: '.' + name, // so that no property is called as another column
    name,
    value: (r) => {
      const p = r.get(name)
      return p === undefined ? null : numeric(p.type) ? Number(p.value) : p.value
    },
    show: (r) => shown(r.get(name)),
    width: Math.round(Math.max(72, Math.min(280, longest * 7.4 + 24))),
    grow: numbers ? undefined : 1,
    end: numbers,
    sort: false,
    priority: Math.min(9, 2 + i),
  }))
}

export const types: readonly {
  id: string
  name: Phrase
  wrong?: Phrase
  first: () => string
  fits: (text: string) => boolean
}[] = [
  { id: 'Edm.String', name: w.string, first: () => '', fits: () => true },
  { id: 'Edm.Boolean', name: w.boolean, first: () => 'false', fits: (s) => s === 'true' || s === 'false' },
  { id: 'Edm.Int32', name: w.int32, wrong: w.wrongInt32, first: () => '0', fits: (s) => within(s, 31n) },
  { id: 'Edm.Int64', name: w.int64, wrong: w.wrongInt64, first: () => '0', fits: (s) => within(s, 63n) },
  {
    id: 'Edm.Double',
    name: w.double,
    wrong: w.wrongDouble,
    first: () => '0',
    fits: (s) => /^([+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|NaN|-?Infinity)$/.test(s),
  },
  {
    id: 'Edm.DateTime',
    name: w.datetime,
    wrong: w.wrongDateTime,
    first: () => new Date().toISOString(),
    fits: (s) => /^\d{4}-\d\d-\d\d([Tt]\d\d:\d\d(:\d\d(\.\d+)?)?)?([Zz]|[+-]\d\d:\d\d)?$/.test(s),
  },
  {
    id: 'Edm.Guid',
    name: w.guid,
    wrong: w.wrongGuid,
    first: () => guid(),
    fits: (s) => /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i.test(s),
  },
  {
    id: 'Edm.Binary',
    name: w.binary,
    wrong: w.wrongBinary,
    first: () => '',
    fits: (s) => /^([A-Za-z\d+/]{4})*([A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/.test(s),
  },
]

// guid is a random one; crypto.randomUUID is for secure contexts alone.
function guid(): string {
  const b = crypto.getRandomValues(new Uint8Array(16))
  b[6] = (b[6] & 0x0f) | 0x40
  b[8] = (b[8] & 0x3f) | 0x80
  const hex = [...b].map((n) => n.toString(16).padStart(2, '0')).join('')
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

function within(text: string, bits: bigint): boolean {
  if (!/^[+-]?\d{1,20}$/.test(text)) return false
  const n = BigInt(text.replace('+', ''))
  return n >= -(1n << bits) && n < 1n << bits
}

export const typeOf = (id: string) => types.find((x) => x.id === id) ?? types[0]

// wrong says what is wrong with a property among others, or nothing.
export function wrong(p: EntityProperty, all: readonly EntityProperty[]): Phrase | null {
  if (!/^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Nd}\p{Mn}\p{Mc}\p{Pc}\p{Cf}]*$/u.test(p.name)) return w.wrongName
  if (['PartitionKey', 'RowKey', 'Timestamp'].includes(p.name)) return w.wrongTwice
  if (all.filter((x) => x.name === p.name).length > 1) return w.wrongTwice
  const type = typeOf(p.type)
  return type.fits(p.value) ? null : (type.wrong ?? null)
}

// text is an entity as people compare it: a line for each property.
export function text(e: Pick<Entity, 'partitionKey' | 'rowKey' | 'properties'>): string {
  const all = [
    `  "PartitionKey": ${JSON.stringify(e.partitionKey)}`,
    `  "RowKey": ${JSON.stringify(e.rowKey)}`,
    ...e.properties.map((p) => `  ${JSON.stringify(p.name)}: ${literal(p)}`),
  ]
  return `{\n${all.join(',\n')}\n}`
}

// literal is a value in the service's JSON, with its type before it where it does not
// show.
function literal(p: EntityProperty): string {
  if (p.type === 'Edm.Boolean' || p.type === 'Edm.Int32') return p.value
  if (p.type === 'Edm.Double' && /[.eE]/.test(p.value)) return p.value
  const value = JSON.stringify(p.value)
  return p.type === 'Edm.String'
    ? value
    : `${value},\n  ${JSON.stringify(p.name + '@odata.type')}: ${JSON.stringify(p.type)}`
}

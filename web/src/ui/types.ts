// What the parts take.
import type { Snippet } from 'svelte'
import type { IconName } from '../shell/icons'

export type State = 'ok' | 'warn' | 'bad' | 'off' | 'busy'
export type Tone = 'ok' | 'warn' | 'bad'
export type Values = readonly (number | null)[]

export interface NavRow {
  id: string
  name: string
  href: string
  group?: string
  state?: State
  spark?: Values
  sparkBad?: Values
  figure?: string
  tone?: 'bad' | 'warn'
  title?: string
}

export interface NavGroup {
  id: string
  name: string
  note?: string
  folded?: boolean // at first
}

export interface Choice {
  id: string
  name: string
  count?: number | null
  state?: State
}

export interface Meta {
  text: string
  icon?: IconName
  href?: string
  title?: string
}

export interface Tab extends Choice {
  href: string
}

export interface MenuItem {
  id: string
  name: string
  icon?: IconName
  key?: string
  danger?: boolean
  disabled?: boolean
  why?: string // said beside it when it is disabled
  checked?: boolean
  href?: string
  run?: () => void
}

export type MenuEntry = MenuItem | 'line' | { head: string }

export interface Sort {
  by: string
  down: boolean
}

export interface Column<Row> {
  id: string
  name: string
  value: (row: Row) => string | number | null
  show?: (row: Row) => string // else the value as it is
  cell?: Snippet<[Row]>
  width?: number
  min?: number
  grow?: number // shares of what is left over
  end?: boolean // figures: right-aligned
  mono?: boolean
  sort?: boolean
  priority?: number // 9 drops first where there is no room; without: never
  hidden?: boolean
}

export interface Scan {
  scanned: number
  of: number
  matched: number
  stop?: () => void
}

export interface TreeNode {
  id: string
  name: string
  icon?: IconName
  state?: State
  note?: string
  href?: string
  children?: TreeNode[] | null // null: there are some, to be loaded
}

export interface FieldValue {
  value: string
  count?: number
}

export interface Field {
  name: string
  note?: string
  kind?: 'text' | 'number' | 'time' | 'enum'
  open?: boolean // a prefix: body. goes on with any path
  values?: FieldValue[] | ((prefix: string) => FieldValue[] | Promise<FieldValue[]>)
}

export interface Figure {
  name: string
  value: string
  unit?: string
  note?: string
  tone?: 'bad' | 'warn'
  href?: string
  title?: string
}

export interface Series {
  name: string
  values: Values
  kind?: 'bars' | 'line'
  tone?: Tone | 'bar' | number // a number: a colour of the series, from 1
  unit?: string
}

export interface ChartEvent {
  t: number
  text: string
  state?: State
}

export interface Threshold {
  at: number
  text: string
  state: 'warn' | 'bad'
}

export interface MatrixRow {
  id: string
  name: string
  values: Values
  total?: number | null
  title?: string
}

export interface Diagnostic {
  line: number
  column: number
  length?: number
  message: string
  severity?: 'error' | 'warning' | 'info'
}

export interface Suggestion {
  label: string
  detail?: string
  info?: string
  kind?: string
}

export type Schema =
  { names: string[]; functions?: string[] } | ((before: string, word: string) => Suggestion[] | Promise<Suggestion[]>)

export type Language = 'cosmos-sql' | 'stream-sql' | 'kql' | 'json' | 'xml' | 'text'

export interface Property {
  name: string
  value: string
  mono?: boolean
  href?: string
  copy?: boolean
  title?: string
}

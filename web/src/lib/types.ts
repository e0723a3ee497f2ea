// What the server sends; the Go types of internal/portal say what each means.

export interface Snapshot {
  t: number
  name: string
  version: string
  startedAt: string
  hubs: Hub[]
  databases: Database[]
  apps: App[]
  jobs: Job[]
  connections: number
  requests: number
  charge: number
  totals: Record<string, number>
}

export interface Hub {
  name: string
  retentionHours: number
  groups: string[]
  events: number
  bytes: number
  total: number
  stored: number
  size: number
  partitions: { id: number; begin: number; last: number; lastAt: number; size: number; events: number }[]
  readers: { group: string; events: number; lastAt: number }[]
  consumers: { app: string; function: string; group: string; lag: number; partitions: number[] }[]
}

export interface Database { id: string; containers: Container[] }
export interface Container { id: string; key: string[]; documents: number; bytes: number; lsn: number; changes: number; leases: boolean }

export interface JobEnd { name: string; kind: 'hub' | 'container' | 'function' | 'dataset' | 'file'; target: string; group?: string }
export interface JobInput extends JobEnd {
  reference?: boolean
  in?: number
  lag?: number
  counts?: Record<string, number>
  partitions?: { id: number; next: number; lag: number; delayMs: number }[]
}
export interface JobOutput extends JobEnd { out?: number; counts?: Record<string, number>; blocked?: string }
export interface JobWarning { kind: string; input: string; events: number; offsetHours: number; example: string; at: number; text: string }
export type JobRun = 'starting' | 'running' | 'degraded' | 'stopping' | 'stopped' | 'failed'
export interface Job {
  name: string
  state: JobRun
  start: string
  startedAt: number
  lanes: number
  checkpoints: number
  checkpointAt: number
  stateBytes: number
  heldRows: number
  functions: string[]
  inputs: JobInput[]
  outputs: JobOutput[]
  in: number
  out: number
  delayMs: number
  backlog: number
  counts: Record<string, number>
  lastError?: string
  failed?: string
  warnings: JobWarning[]
}
export interface PlanNode { id: string; kind: string; label: string; detail: string; step: string }
export interface JobText {
  query: string
  explain: string
  lanesText: string
  diagram?: { nodes: PlanNode[]; edges: { from: string; to: string }[] }
}

export interface App { name: string; url: string; kind: string; worker: string; error?: string; functions: Func[] }

export interface Func {
  name: string
  trigger: string
  target: string
  group?: string
  methods?: string[]
  outputs: { type: string; target: string }[]
  state: string
  error?: string
  disabled: boolean
  runs: number
  items: number
  documents: number
  failures: number
  total: number
  failed: number
  meanMs: number
}

export interface Point { t: number; totals: Record<string, number>; hubs: Record<string, number> }

export interface Invocation {
  id: string
  at: string
  reason: string
  details?: string
  items: number
  documents: number
  durationMs: number
  running: boolean
  error?: string
  logs: { at: string; level: string; message: string }[]
  logsLost: number
}

export interface PeekedEvent {
  sequence: number
  offset: string
  enqueuedAt: string
  key?: string
  body: string
  size: number
  binary?: boolean
  cut?: boolean
  properties?: unknown
  system?: unknown
}

export interface QueryPage {
  rows: unknown[]
  continuation?: string
  charge: number
  explain: string
  entries: number
  documents: number
  bytes: number
  durationMs: number
}

export type Text = Record<string, string>
export type State = 'ok' | 'warn' | 'alarm' | 'off'
export interface Column { field: string; title: Text; unit?: string; decimals?: number }

export interface TileSpec {
  type: 'number' | 'gauge' | 'line' | 'bar' | 'map' | 'table' | 'alarms'
  title: Text
  dataset: string
  w: number
  h: number
  unit?: string
  decimals?: number
  min?: number
  max?: number
  thresholds?: { at: number; state: State; below?: boolean }[]
  columns?: Column[]
  detail?: Column[]
}

export interface Board { name: string; title: Text; subtitle?: Text; datasets: Record<string, unknown>; tiles: TileSpec[]; names?: Record<string, Text> }
export interface DatasetView { rows: number; total: number; newest: number; stale: boolean; error?: string }
export interface BoardView { t: number; datasets: Record<string, DatasetView>; tiles: unknown[] }
export interface NumberView { value: number | null; state: State; trend: (number | null)[] }
export interface LineView { t: number[]; series: { name: string; unit?: string; v: (number | null)[] }[]; left: number }
export interface BarView { bars: { name: string; value: number; state: State }[]; left: number }
export interface Site { key: string; label: string; lat: number; lon: number; value: number | null; size?: number; state: State; at: number }
export interface TableView { rows: { t: number; cells: unknown[] }[] }
export interface AlarmsView { alarms: { t: number; key: string; label: string; severity: string; message: Text }[] }

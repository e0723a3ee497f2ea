// What is live in this tab. A page watches topics while it is shown.

import { call } from './api'
import { up, type Message } from './fan'
import { isDelta, List, type Row } from './rows'
import { connect } from './stream'
import type {
  App,
  BoardView,
  Container,
  Database,
  Func,
  History,
  Hub,
  HubDetail,
  Job,
  JobDetail,
  Summary,
} from './types'

const historySeconds = 300
const hiddenFor = 10_000 // a tab that nobody sees wants nothing

class Live {
  summary = $state.raw<Summary | null>(null)
  // Lists are null until they come.
  hubs = $state.raw<Hub[] | null>(null)
  databases = $state.raw<Database[] | null>(null)
  containers = $state.raw<Container[] | null>(null)
  apps = $state.raw<App[] | null>(null)
  functions = $state.raw<Func[] | null>(null)
  jobs = $state.raw<Job[] | null>(null)
  // Things by their topic; null: there is no such thing.
  things = $state.raw<Record<string, unknown>>({})
  history = $state.raw<History>({ t: [], series: {} })
  lastAt = $state(0) // when the newest message came, by this browser's clock
  failed = $state(false)
}

export const live = new Live()

export const hub = (name: string) => live.things['hub:' + name] as HubDetail | null | undefined
export const job = (name: string) => live.things['job:' + name] as JobDetail | null | undefined
export const board = (name: string) => live.things['dashboard:' + name] as BoardView | null | undefined

type Kind = 'hubs' | 'databases' | 'containers' | 'apps' | 'functions' | 'jobs'
const kinds: readonly string[] = ['hubs', 'databases', 'containers', 'apps', 'functions', 'jobs'] satisfies Kind[]
const lists = new Map<string, List>()

function hear({ topic, data }: Message) {
  if (topic === up) {
    live.failed = !data
    return
  }
  live.lastAt = Date.now()
  live.failed = false
  if (topic === 'summary') {
    live.summary = data as Summary
    extend(live.summary)
  } else if (isDelta(data)) {
    const list = lists.get(topic) ?? new List()
    lists.set(topic, list)
    if (list.apply(data)) show(topic, list.sorted())
  } else if (watched.has(topic)) live.things = { ...live.things, [topic]: data }
}

function show(kind: string, rows: Row[]) {
  if (kinds.includes(kind)) (live as unknown as Record<string, Row[]>)[kind] = rows
}

// extend adds the newest second to the history.
function extend(s: Summary) {
  const h = live.history
  if (h.t.length === 0 || s.t <= h.t[h.t.length - 1]) return
  const now: Record<string, number> = { ...s.totals }
  if (watched.has('hubs')) for (const row of live.hubs ?? []) now['hub:' + row.id.toLowerCase()] = row.events
  for (const [topic, v] of Object.entries(live.things))
    if (topic.startsWith('hub:') && v) now[topic.toLowerCase()] = (v as HubDetail).events
  const series: History['series'] = {}
  for (const name of new Set([...Object.keys(h.series), ...Object.keys(now)]))
    series[name] = [...(h.series[name] ?? h.t.map(() => 0)), now[name] ?? 0].slice(-historySeconds)
  live.history = { t: [...h.t, s.t].slice(-historySeconds), series }
}

// past returns a series of the history, 0 where it knows nothing.
export const past = (name: string): number[] => live.history.series[name] ?? live.history.t.map(() => 0)

// remember fetches the last five minutes, for a page that shows them.
export function remember() {
  void call<History>('GET', '/api/history').then(
    (h) => (live.history = h),
    () => {}, // the charts begin now; the stream says that something is wrong
  )
}

const watched = new Map<string, number>() // topic -> how many watch it
const tell = connect(hear)
let due = false

// watch asks for topics until the function that it returns is called. Names may
// be missing.
export function watch(...topics: (string | undefined)[]): () => void {
  const names = topics.filter((t) => t !== undefined)
  for (const t of names) watched.set(t, (watched.get(t) ?? 0) + 1)
  say()
  return () => {
    for (const t of names) {
      const left = watched.get(t)! - 1
      if (left) watched.set(t, left)
      else watched.delete(t)
    }
    say()
  }
}

// say tells once what changed in one go.
function say() {
  if (due) return
  due = true
  queueMicrotask(() => {
    due = false
    for (const topic of Object.keys(live.things)) if (!watched.has(topic)) drop(topic)
    tell(hidden ? [] : [...watched.keys()])
  })
}

function drop(topic: string) {
  const { [topic]: _, ...rest } = live.things
  live.things = rest
}

let hidden = false
let timer = 0
function look() {
  clearTimeout(timer)
  if (document.visibilityState === 'hidden') {
    timer = window.setTimeout(() => {
      hidden = true
      say()
    }, hiddenFor)
  } else if (hidden) {
    hidden = false
    say()
  }
}

document.addEventListener('visibilitychange', look)
addEventListener('pagehide', () => tell(null))
addEventListener('pageshow', say)
setInterval(say, 5_000) // so that it is known that this tab is still there

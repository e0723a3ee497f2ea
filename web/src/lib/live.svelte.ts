// What is live in this tab. A page watches topics while it is shown.

import { SvelteMap } from 'svelte/reactivity'
import { call } from './api'
import { trip, up, type Message } from './fan'
import { isDelta, List, type Row } from './rows'
import { connect } from './stream'
import { clock } from './prefs.svelte'
import type { History, Notice, NoticeList, Summary } from './types'

const historySeconds = 300
const hiddenFor = 10_000 // a tab that nobody sees wants nothing

const silence = 4_000 // then values are old
const patience = 8_000 // then whoever should answer is gone

export type State = 'starting' | 'live' | 'paused' | 'reconnecting' | 'lost' | 'new'

class Live {
  summary = $state.raw<Summary | null>(null)
  history = $state.raw<History>({ t: [], series: {} })
  lastAt = $state(0) // when the newest message came, by this browser's clock
  failed = $state(false)
  failedAt = $state(0)
  paused = $state(false)
  pausedAt = $state(0)
  build = $state('') // of the first summary: what this tab was loaded from
  readonly loadedAt = Date.now()
  roundTrip = $state<number | null>(null) // milliseconds
  silent = $derived(this.lastAt > 0 && !this.paused && clock.now - this.lastAt > silence)
  state = $derived<State>(this.judge())

  private judge(): State {
    const troubled = this.failed || this.silent
    const since = this.failed ? this.failedAt : this.lastAt
    if (troubled && clock.now - since > patience) return 'lost'
    if (troubled) return 'reconnecting'
    if (this.summary && this.summary.build !== this.build) return 'new'
    if (this.paused) return 'paused'
    return this.summary ? 'live' : 'starting'
  }

  // list is the newest of a list, in the order of ids, as names; null until it comes.
  list<T extends Row>(kind: string): T[] | null {
    return (shownLists.get(kind) as T[] | undefined) ?? null
  }

  // thing is the newest of a topic about one thing; null: there is no such
  // thing; undefined: it has not come yet.
  thing<T>(topic: string): T | null | undefined {
    return things.get(topic) as T | null | undefined
  }

  get notices(): Notice[] {
    return this.thing<NoticeList>('notices')?.notices ?? []
  }

  // moreNotices is how many troubles there are beyond the notices.
  get moreNotices(): number {
    return this.thing<NoticeList>('notices')?.more ?? 0
  }

  // While it is paused nothing changes on the screen; what comes is kept.
  pause() {
    if (this.paused) return
    this.paused = true
    this.pausedAt = Date.now()
  }

  resume() {
    if (!this.paused) return
    this.paused = false
    for (const m of held.values()) put(m)
    for (const topic of heldLists) show(topic)
    held.clear()
    heldLists.clear()
  }
}

const shownLists = new SvelteMap<string, Row[]>()
const things = new SvelteMap<string, unknown>()
const lists = new Map<string, List>()
const held = new Map<string, Message>() // newest of each topic while paused
const heldLists = new Set<string>()

export const live = new Live()

function hear(m: Message) {
  if (m.topic === up) return connection(m.data as boolean)
  if (m.topic === trip) {
    live.roundTrip = m.data as number
    return
  }
  live.lastAt = Date.now()
  live.failed = false
  if (isDelta(m.data)) {
    const list = lists.get(m.topic) ?? new List()
    lists.set(m.topic, list)
    if (!list.apply(m.data)) return
    if (live.paused) heldLists.add(m.topic)
    else show(m.topic)
  } else if (live.paused && m.topic !== 'notices') held.set(m.topic, m)
  else put(m)
}

function connection(works: boolean) {
  if (!works && !live.failed) live.failedAt = Date.now()
  live.failed = !works
}

function put({ topic, data }: Message) {
  if (topic === 'summary') {
    live.summary = data as Summary
    live.build ||= live.summary.build
    extend(live.summary)
  } else if (watched.has(topic)) things.set(topic, data)
}

function show(topic: string) {
  const list = lists.get(topic)
  if (list && watched.has(topic)) shownLists.set(topic, list.sorted())
}

// extend adds the newest second to the history.
function extend(s: Summary) {
  const h = live.history
  if (h.t.length === 0 || s.t <= h.t[h.t.length - 1]) return
  const now: Record<string, number> = s.totals
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

// What of it was seen less than this ago is shown at once, until the newest comes.
const remembered = 30_000
const mostRemembered = 16
const left = new Map<string, number>() // topic -> when it was let go, the oldest first

// visit is watch for a page that one leaves and comes back to: what was known of
// its topics stays for half a minute, so that coming back waits for no answer.
export function visit(...topics: (string | undefined)[]): () => void {
  const end = watch(...topics)
  return () => {
    for (const t of topics) {
      if (t === undefined) continue
      left.delete(t)
      left.set(t, Date.now())
    }
    end()
  }
}

// lingers: nobody watches it, but what was known of it is kept.
function lingers(topic: string): boolean {
  return left.has(topic) && things.get(topic) !== null
}

function forget() {
  for (const [topic, since] of left)
    if (left.size > mostRemembered || Date.now() - since > remembered) left.delete(topic)
}

// say tells once what changed in one go. A list that nobody watches any more comes
// whole when it is asked for again.
function say() {
  if (due) return
  due = true
  queueMicrotask(() => {
    due = false
    forget()
    for (const topic of things.keys()) if (!watched.has(topic) && !lingers(topic)) things.delete(topic)
    for (const topic of lists.keys()) if (!watched.has(topic)) lists.delete(topic)
    for (const topic of shownLists.keys()) if (!watched.has(topic) && !lingers(topic)) shownLists.delete(topic)
    tell(hidden ? [] : [...watched.keys()])
  })
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
    live.lastAt = Date.now() // what was not asked for is not late
    say()
  }
}

document.addEventListener('visibilitychange', look)
addEventListener('pagehide', () => tell(null))
addEventListener('pageshow', say)
setInterval(say, 5_000) // so that it is known that this tab is still there

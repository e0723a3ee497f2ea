// The items that a filter leaves: what is kept, a page after the other, and what comes
// as long as it is followed. A request is told when it has ended, with the time when it
// began: what is new is looked for among the last half a minute.
import { call, message } from '../../lib/api'
import { Tail } from '../../lib/tail.svelte'
import type { Telemetry, TelemetryCounts, TelemetryPage } from '../../lib/wire'

export interface Ask {
  q: string
  component: string
  from: number // ms
  to: number // 0: no bound
}

export const address = (verb: string, ask: Ask, more: Record<string, string | number> = {}) => {
  const all = { q: ask.q, component: ask.component, from: Math.floor(ask.from), to: Math.floor(ask.to), ...more }
  const asked = Object.entries(all).filter(([, v]) => v !== '' && v !== 0)
  return '/api/insights/' + verb + '?' + new URLSearchParams(asked.map(([k, v]) => [k, String(v)])).toString()
}

const beat = 2000
const late = 30_000
const mostSeen = 20_000

export class Found {
  kept = $state.raw<Telemetry[]>([])
  tail = $state.raw(new Tail<Telemetry>())
  busy = $state(false)
  begun = $state(false)
  next = $state('')
  problem = $state.raw<unknown>(null)
  lost = $state('') // why it is not followed
  counts = $state.raw<TelemetryCounts | null>(null)

  #ask: Ask = { q: '', component: '', from: 0, to: 0 }
  #asking: AbortController | null = null
  #counting: AbortController | null = null
  #seen = new Set<string>()
  #timer: ReturnType<typeof setTimeout> | undefined

  rows = $derived(this.tail.rows.length ? [...this.tail.rows, ...this.kept].toSorted((a, b) => b.t - a.t) : this.kept)

  begin(ask: Ask, follow: boolean) {
    this.end()
    this.#ask = ask
    this.kept = []
    this.tail = new Tail<Telemetry>()
    this.#seen.clear()
    this.next = this.lost = ''
    this.problem = null
    this.begun = false
    void this.#page(follow)
  }

  more() {
    if (!this.busy && this.next) return this.#page(false)
  }

  end() {
    this.#asking?.abort()
    this.#counting?.abort()
    clearTimeout(this.#timer)
  }

  async #page(follow: boolean) {
    const mine = (this.#asking = new AbortController())
    this.busy = true
    try {
      const page = await call<TelemetryPage>(
        'GET',
        address('search', this.#ask, { before: this.next }),
        undefined,
        mine,
      )
      if (mine !== this.#asking) return
      const rows = page.rows.filter((r) => !this.#seen.has(r.id))
      for (const r of rows) this.#seen.add(r.id)
      this.kept = [...this.kept, ...rows]
      this.next = page.next
      this.begun = true
      if (follow) this.#later(mine)
    } catch (e) {
      if (mine === this.#asking && !mine.signal.aborted) this.problem = e
    } finally {
      if (mine === this.#asking) this.busy = false
    }
  }

  #later(mine: AbortController) {
    this.#timer = setTimeout(() => void this.#look(mine), beat)
  }

  async #look(mine: AbortController) {
    if (document.hidden) return this.#later(mine)
    try {
      const from = Math.max(this.#ask.from, (this.rows[0]?.t ?? Date.now()) - late)
      const page = await call<TelemetryPage>('GET', address('search', { ...this.#ask, from, to: 0 }, { limit: 1000 }))
      if (mine.signal.aborted) return
      const rows = page.rows.filter((r) => !this.#seen.has(r.id)).toReversed()
      for (const r of rows) this.#seen.add(r.id)
      if (this.#seen.size > mostSeen) this.#seen = new Set([...this.#seen].slice(-mostSeen / 2))
      if (rows.length) this.tail.push(rows)
      this.lost = ''
    } catch (e) {
      this.lost = message(e)
    }
    if (!mine.signal.aborted) this.#later(mine)
  }

  async count(ask: Ask, steps: number) {
    this.#counting?.abort()
    const mine = (this.#counting = new AbortController())
    try {
      const got = await call<TelemetryCounts>('GET', address('counts', ask, { steps }), undefined, mine)
      if (mine === this.#counting) this.counts = got
    } catch {
      // the list says what is wrong
    }
  }
}

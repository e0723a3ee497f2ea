// The runs of a function that a filter leaves: pages of older ones as the list
// is scrolled, and new ones as they end while the range is live.
import { untrack } from 'svelte'
import { call, path } from '../../lib/api'
import { Tail } from '../../lib/tail.svelte'
import type { RunPage, RunRow } from '../../lib/wire'

const page = 100

export class RunList {
  tail = new Tail<RunRow>({ size: 2000 })
  under = $state.raw<RunRow[]>([]) // under way
  older = $state.raw<RunRow[]>([]) // what was there at the first look, and its pages
  total = $state<number | null>(null)
  oldest = $state(0)
  busy = $state(false)
  problem = $state.raw<unknown>(null)
  rows = $derived([...(this.tail.paused ? [] : this.under), ...this.tail.rows, ...this.older])

  #where = ''
  #asked = ''
  #next = ''
  #seen = new Set<string>()
  #turn = 0
  #polls = false

  constructor(
    readonly app: string,
    readonly name: string,
  ) {}

  #address(more: Record<string, string | number>) {
    const q = new URLSearchParams(this.#asked)
    for (const [name, value] of Object.entries(more)) q.set(name, String(value))
    return path('apps', this.app, 'functions', this.name, 'runs') + '?' + q
  }

  // look begins anew: q is the filter, the range in milliseconds; what only
  // moves with the clock is no new look.
  async look(q: string, from: number, to: number, key: string) {
    if (this.#where === key) return
    this.#where = key
    this.#asked = new URLSearchParams({ q, from: String(Math.floor(from)), to: String(Math.ceil(to)) }).toString()
    await this.again()
  }

  async again() {
    const turn = ++this.#turn
    this.busy = true
    try {
      const got = await call<RunPage>('GET', this.#address({ limit: page }))
      if (turn !== this.#turn) return
      this.tail.clear()
      this.#seen = new Set(got.rows.map((r) => r.id))
      this.#take(got)
      this.older = got.rows.filter((r) => r.state !== 'busy')
      this.#next = got.next
      this.problem = null
    } catch (e) {
      if (turn === this.#turn) this.problem = e
    } finally {
      if (turn === this.#turn) this.busy = false
    }
  }

  #take(got: RunPage) {
    this.total = got.total
    this.oldest = got.oldest
    this.under = got.rows.filter((r) => r.state === 'busy')
    for (const r of this.under) this.#seen.delete(r.id)
  }

  more = async () => {
    if (!this.#next || this.busy) return
    const turn = this.#turn
    this.busy = true
    try {
      const got = await call<RunPage>('GET', this.#address({ limit: page, after: this.#next }))
      if (turn !== this.#turn) return
      const fresh = got.rows.filter((r) => !this.#seen.has(r.id))
      for (const r of fresh) this.#seen.add(r.id)
      this.older = [...this.older, ...fresh]
      this.#next = got.next
    } catch (e) {
      if (turn === this.#turn) this.problem = e
    } finally {
      if (turn === this.#turn) this.busy = false
    }
  }

  // poll adds what has ended since.
  async poll(to: number) {
    if (this.#polls || this.busy || !this.#asked) return
    this.#polls = true
    const turn = this.#turn
    try {
      const got = await call<RunPage>(
        'GET',
        this.#address({ limit: untrack(() => this.tail.waiting) > 1000 ? 100 : 500, to: Math.ceil(to) }),
      )
      if (turn !== this.#turn) return
      const fresh = got.rows.filter((r) => r.state !== 'busy' && !this.#seen.has(r.id))
      for (const r of fresh) this.#seen.add(r.id)
      this.#take(got)
      if (fresh.length) this.tail.push(fresh.reverse())
      this.problem = null
    } catch (e) {
      if (turn === this.#turn) this.problem = e
    } finally {
      this.#polls = false
    }
  }
}

// A function's runs over the page's range of time: the topic of the last 15
// minutes, else what the server says when it is asked, again every few seconds
// while the range is live.
import { call, path } from '../../lib/api'
import type { Func, FuncPast, RunRow } from '../../lib/wire'

const every = 5000

export class Past {
  now = $state.raw<FuncPast | null>(null)
  problem = $state.raw<unknown>(null)
  near = $state.raw<RunRow[]>([]) // the list that the dock steps through

  #turn = 0
  #asked = ''
  #at = 0

  follow(
    f: Func | undefined,
    span: { from: number; to: number } | null,
    topic: FuncPast | null | undefined,
    live: boolean,
  ) {
    if (!f) return void (this.now = null)
    if (!span) {
      this.#turn++
      this.#asked = f.id
      this.now = topic ?? null
      this.problem = null
      return
    }
    const key = live ? `${f.id} ${Math.round((span.to - span.from) / 1000)}` : `${f.id} ${span.from} ${span.to}`
    if (key === this.#asked && (!live || Date.now() - this.#at < every)) return
    if (key.split(' ')[0] !== this.#asked.split(' ')[0]) this.now = null
    this.#asked = key
    this.#at = Date.now()
    void this.#ask(f, span)
  }

  async #ask(f: Func, span: { from: number; to: number }) {
    const turn = ++this.#turn
    const q = `?from=${Math.floor(span.from)}&to=${Math.ceil(span.to)}`
    try {
      const got = await call<FuncPast>('GET', path('apps', f.app, 'functions', f.name, 'past') + q)
      if (turn !== this.#turn) return
      this.now = got
      this.problem = null
    } catch (e) {
      if (turn === this.#turn) this.problem = e
    }
  }
}

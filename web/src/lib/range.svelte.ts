// The range of time of a page: in its address (from, to), shared by its charts
// and lists. A zoom keeps what was before, for the way back.
import { query } from './router.svelte'
import { clock } from './prefs.svelte'
import { fixed, span, type Range, type Span } from './range'

export class Times {
  #usual: Range
  #before: Range[] = []
  #stopped = $state<number | null>(null) // since when it stands still
  zoomed = $state(0)

  constructor(usual: Range) {
    this.#usual = usual
  }

  get range(): Range {
    return { from: query.get('from') ?? this.#usual.from, to: query.get('to') ?? this.#usual.to }
  }

  // span is what the range means; while it is live it moves every second.
  get span(): Span {
    return span(this.range, this.#stopped ?? clock.now)
  }

  // live: the end moves with the clock.
  get live(): boolean {
    return this.range.to === 'now' && this.#stopped === null
  }

  set(range: Range) {
    this.#before = []
    this.zoomed = 0
    this.#stopped = null
    this.#put(range)
  }

  zoom(from: number, to: number) {
    if (!(to > from)) return
    this.#before.push(this.range)
    this.zoomed = this.#before.length
    this.#put(fixed(from, to))
  }

  back() {
    const before = this.#before.pop()
    this.zoomed = this.#before.length
    if (before) this.#put(before)
  }

  pause() {
    this.#stopped ??= Date.now()
  }

  // go on: a range that ends in the past is live no more, so it is the usual one.
  go() {
    this.#stopped = null
    if (this.range.to !== 'now') this.set(this.#usual.to === 'now' ? this.#usual : { from: 'now-15m', to: 'now' })
  }

  toggle() {
    if (this.live) this.pause()
    else this.go()
  }

  #put(range: Range) {
    const same = range.from === this.#usual.from && range.to === this.#usual.to
    query.set({ from: same ? null : range.from, to: same || range.to === 'now' ? null : range.to })
  }
}

// pageTime is the range of the page that is shown; usual is what an address
// without one means.
export const pageTime = (from = 'now-15m', to = 'now') => new Times({ from, to })

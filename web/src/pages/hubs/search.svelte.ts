// The events of a hub that a filter leaves: what is kept, a page after the other,
// and what comes, as long as it is followed.
import { stream } from '../../lib/api'
import { Tail } from '../../lib/tail.svelte'
import type { HubEventRow, HubSearchBegan, HubSearchProgress, HubTailed } from '../../lib/types'
import { eventId, verb, type EventRow, type Which } from './hub'

export interface Ask {
  q: string
  oldest: boolean
  from: number // ms; 0: no bound
  to: number
}

const pageRows = 200
const showEvery = 80 // ms
const hiddenFor = 10_000

export class Search {
  rows = $state.raw<EventRow[]>([]) // what was kept
  tail = $state.raw(new Tail<EventRow>()) // what came since
  busy = $state(false)
  scanned = $state(0)
  of = $state(0)
  matched = $state(0)
  next = $state('') // the place of the next page, '' at the end
  problem = $state.raw<unknown>(null)
  begun = $state(false) // the first page is there
  dropped = $state(0) // that came too fast to be shown
  following = $state(false)

  #which: Which | null = null
  #ask: Ask = { q: '', oldest: false, from: 0, to: 0 }
  #searching: AbortController | null = null
  #tailing: AbortController | null = null
  #at: number[] = []

  // all is what there is to show, newest first where the search is.
  get all(): EventRow[] {
    return this.tail.rows.length ? [...this.tail.rows, ...this.rows] : this.rows
  }

  begin(which: Which, ask: Ask, follow: boolean) {
    this.end()
    this.#which = which
    this.#ask = ask
    this.rows = []
    this.tail = new Tail<EventRow>()
    this.scanned = this.of = this.matched = this.dropped = 0
    this.next = ''
    this.problem = null
    this.begun = false
    void this.#page('', follow)
  }

  // more reads the next page.
  more() {
    if (!this.busy && this.next) return this.#page(this.next, false)
  }

  // stop leaves what was found so far.
  stop() {
    this.#searching?.abort()
  }

  end() {
    this.stop()
    this.unfollow()
  }

  async #page(after: string, follow: boolean) {
    const mine = (this.#searching = new AbortController())
    const found: EventRow[] = []
    const before = { scanned: this.scanned, matched: this.matched }
    let due: ReturnType<typeof setTimeout> | undefined
    const show = () => {
      due = undefined
      if (found.length && mine === this.#searching) this.rows = [...this.rows, ...found.splice(0)]
    }
    this.busy = true
    this.problem = null
    try {
      await stream<HubEventRow & HubSearchBegan & HubSearchProgress>(
        'POST',
        verb(this.#which!, 'search'),
        { ...this.#ask, after, limit: pageRows },
        (line) => {
          if (mine !== this.#searching) return
          if (line.s !== undefined) {
            found.push({ ...line, id: eventId(line) })
            due ??= setTimeout(show, showEvery)
          } else if (line.at) {
            if (!after) [this.of, this.#at] = [line.of, line.at]
          } else {
            this.scanned = before.scanned + line.scanned
            this.matched = before.matched + line.matched
            if (line.error) throw new Error(line.error)
            if (line.done) this.next = line.next ?? ''
          }
        },
        mine.signal,
      )
    } catch (e) {
      if (mine === this.#searching) this.problem = e
    }
    clearTimeout(due)
    show()
    if (mine !== this.#searching) return
    this.busy = false
    this.begun = true
    if (follow && !this.problem && !mine.signal.aborted) this.follow()
  }

  // follow shows what comes, from where the search began or it was left.
  follow() {
    this.unfollow()
    const mine = (this.#tailing = new AbortController())
    this.following = true
    void this.#tail(mine)
  }

  unfollow() {
    this.#tailing?.abort()
    this.#tailing = null
    this.following = false
  }

  async #tail(mine: AbortController) {
    for (let wait = 500; mine === this.#tailing; wait = Math.min(wait * 2, 5000)) {
      if (document.hidden) await seen(mine.signal)
      const leave = new AbortController()
      const gone = () => (document.hidden ? (timer = setTimeout(() => leave.abort(), hiddenFor)) : clearTimeout(timer))
      let timer: ReturnType<typeof setTimeout> | undefined
      document.addEventListener('visibilitychange', gone)
      try {
        await stream<HubTailed>(
          'POST',
          verb(this.#which!, 'tail'),
          { q: this.#ask.q, at: this.#at },
          (line) => {
            if (mine !== this.#tailing) return
            wait = 500
            this.#at = line.at
            this.dropped += line.dropped
            this.matched += line.rows.length
            if (line.rows.length) this.tail.push(line.rows.map((e) => ({ ...e, id: eventId(e) })))
          },
          AbortSignal.any([mine.signal, leave.signal]),
        )
      } catch (e) {
        if (mine === this.#tailing && (e as { status?: number }).status === 404) return this.unfollow()
      } finally {
        clearTimeout(timer)
        document.removeEventListener('visibilitychange', gone)
      }
      await new Promise((done) => setTimeout(done, wait))
    }
  }
}

// seen waits until somebody looks.
const seen = (signal: AbortSignal) =>
  new Promise<void>((done) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return
      document.removeEventListener('visibilitychange', look)
      done()
    }
    document.addEventListener('visibilitychange', look)
    signal.addEventListener('abort', look, { once: true })
  })

// A list that grows while it is read: newest first, a ring of a bounded size.
// While something holds it (a row under the pointer, in focus, chosen; a list
// that is scrolled; a pause by hand) what is shown stays as it is and new rows
// wait. Nothing that waits is lost when it goes on, up to a bound that is said.

type Reason = 'pointer' | 'focus' | 'chosen' | 'scroll' | 'hand'

const mostWaiting = 20_000
const showEvery = 100 // ms

export class Tail<Row extends { id: string }> {
  rows = $state.raw<Row[]>([])
  waiting = $state(0)
  paused = $state.raw<Date | null>(null)
  lost = $state(0) // fell out without having been shown

  #size: number
  #limit: number
  #ring: Row[] = [] // newest last
  #holds = new Set<Reason>()
  #due: ReturnType<typeof setTimeout> | undefined

  constructor({ size = 2000 }: { size?: number } = {}) {
    this.#size = this.#limit = size
  }

  // push takes rows as they come, the newest last.
  push(rows: readonly Row[]) {
    for (const r of rows) this.#ring.push(r)
    if (this.paused) {
      this.waiting += rows.length
      const over = this.waiting - mostWaiting
      if (over > 0) {
        this.#ring.splice(0, this.#ring.length - mostWaiting)
        this.waiting = mostWaiting
        this.lost += over
      }
    } else {
      if (this.#ring.length > this.#limit * 1.5) this.#trim()
      this.#due ??= setTimeout(() => this.#show(), showEvery)
    }
  }

  hold(why: Reason) {
    this.#holds.add(why)
    if (this.paused) return
    this.#show()
    this.paused = new Date()
  }

  release(why: Reason) {
    if (this.#holds.delete(why) && this.#holds.size === 0) this.#go()
  }

  held(why: Reason) {
    return this.#holds.has(why)
  }

  pause() {
    this.hold('hand')
  }

  // resume goes on whatever held it.
  resume() {
    this.#holds.clear()
    if (this.paused) this.#go()
  }

  toggle() {
    if (this.paused) this.resume()
    else this.pause()
  }

  // clear hides what came so far.
  clear() {
    this.#ring = []
    this.#limit = this.#size
    this.waiting = this.lost = 0
    this.rows = []
  }

  #go() {
    // All that waited is shown, even if it is more than the ring's size.
    this.#limit = Math.max(this.#size, this.waiting)
    this.paused = null
    this.waiting = 0
    this.#show()
  }

  #trim() {
    this.#ring.splice(0, this.#ring.length - this.#limit)
  }

  #show() {
    clearTimeout(this.#due)
    this.#due = undefined
    if (this.#ring.length > this.#limit) this.#trim()
    this.rows = this.#ring.toReversed()
  }
}

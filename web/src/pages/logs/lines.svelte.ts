// The lines that a filter leaves: what is kept, a page after the other, and what
// comes, as long as it is followed. Equal lines after each other are one row.
import { call, message, stream } from '../../lib/api'
import { Tail } from '../../lib/tail.svelte'
import type { LogCounts, LogEntry, LogPage, LogTail } from '../../lib/types'

export interface Row extends LogEntry {
  times: number // equal lines, this one the first of them
  last: number // when the last of them came
}

export interface Ask {
  q: string
  from: number // ms
  to: number // 0: no bound
}

const params = (o: Record<string, string | number>) =>
  new URLSearchParams(
    Object.entries(o)
      .filter(([, v]) => v !== '' && v !== 0)
      .map(([k, v]) => [k, String(v)]),
  ).toString()

export const address = (verb: string, ask: Ask, more: Record<string, string | number> = {}) =>
  '/api/logs' + verb + '?' + params({ q: ask.q, from: Math.floor(ask.from), to: Math.floor(ask.to), ...more })

// folded makes one row of equal lines after each other. The row keeps the id of
// the oldest, so that it stays the same row while more come.
export function folded(lines: readonly LogEntry[]): Row[] {
  const rows: Row[] = []
  let before: Row | undefined
  for (const l of lines) {
    if (
      before &&
      before.text === l.text &&
      before.source === l.source &&
      before.level === l.level &&
      before.run === l.run &&
      !l.more
    ) {
      before.times++
      before.id = l.id
      before.t = l.t
    } else rows.push((before = { ...l, times: 1, last: l.t }))
  }
  return rows
}

export class Lines {
  kept = $state.raw<LogEntry[]>([])
  tail = $state.raw(new Tail<LogEntry>())
  busy = $state(false)
  begun = $state(false)
  next = $state('')
  problem = $state.raw<unknown>(null)
  left = $state(0) // that came too fast
  lost = $state('') // why it is not followed
  counts = $state.raw<LogCounts | null>(null)

  #ask: Ask = { q: '', from: 0, to: 0 }
  #asking: AbortController | null = null
  #tailing: AbortController | null = null
  #again: ReturnType<typeof setTimeout> | undefined

  rows = $derived(folded(this.tail.rows.length ? [...this.tail.rows, ...this.kept] : this.kept))

  begin(ask: Ask, follow: boolean) {
    this.end()
    this.#ask = ask
    this.kept = []
    this.tail = new Tail<LogEntry>()
    this.left = 0
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
    this.#tailing?.abort()
    clearTimeout(this.#again)
  }

  async #page(follow: boolean) {
    const mine = (this.#asking = new AbortController())
    this.busy = true
    try {
      const page = await call<LogPage>('GET', address('', this.#ask, { before: this.next }), undefined, mine)
      if (mine !== this.#asking) return
      this.kept = [...this.kept, ...page.lines]
      this.next = page.next
      this.begun = true
      if (follow) void this.#follow(page.newest)
    } catch (e) {
      if (mine === this.#asking && !mine.signal.aborted) this.problem = e
    } finally {
      if (mine === this.#asking) this.busy = false
    }
  }

  // follow hears new lines; where the connection breaks it goes on behind the
  // last one that it heard.
  async #follow(after: string) {
    const mine = (this.#tailing = new AbortController())
    let newest = after
    try {
      await stream<LogTail>(
        'GET',
        address('/tail', { ...this.#ask, from: 0, to: 0 }, { after: newest === '0' ? '0' : newest }),
        undefined,
        (m) => {
          this.lost = ''
          this.left += m.left
          if (m.lines.length === 0) return
          newest = m.lines[m.lines.length - 1].id
          this.tail.push(m.lines)
        },
        mine.signal,
      )
      if (!mine.signal.aborted) this.#later(newest)
    } catch (e) {
      if (mine.signal.aborted) return
      this.lost = message(e)
      this.#later(newest)
    }
  }

  #later(after: string) {
    clearTimeout(this.#again)
    this.#again = setTimeout(() => void this.#follow(after), 2000)
  }

  async count(ask: Ask, steps: number) {
    try {
      this.counts = await call<LogCounts>('GET', address('/counts', ask, { steps }))
    } catch {
      // the list says what is wrong
    }
  }
}

// written is a line as text, as a terminal would show it.
export function written(l: LogEntry, timed: boolean): string {
  const fields = (l.fields ?? []).map((f) => f.join('=')).filter((f) => !l.text.includes(f))
  const said = `${l.level.toUpperCase().padEnd(5)} ${l.source}: ${l.text}${fields.length ? ' ' + fields.join(' ') : ''}`
  return timed ? new Date(l.t).toISOString() + ' ' + said : said
}

// home is the page of who wrote.
export function home(source: string): string[] | null {
  const [kind, ...rest] = source.split('/')
  if (kind === 'function') return ['functions', ...rest]
  if (kind === 'job') return ['jobs', ...rest, 'overview']
  return null
}

// The queries that are open on a container. Their texts are drafts and outlive a
// reload; the last answer of each stays while the portal is open, also when a
// later run fails.
import { call, Problem } from '../../lib/api'
import type { Container, QueryPage } from '../../lib/wire'
import { api } from './container'
import { Shown } from './rows'

export type Face = 'table' | 'tree' | 'text' | 'plan'

interface Draft {
  id: string
  text: string
  parameters: Record<string, string>
}

export class Tab {
  text = $state('')
  parameters = $state<Record<string, string>>({})
  ran = $state<string | null>(null) // the text of the answer
  page = $state.raw<QueryPage | null>(null) // the newest page
  rows = $state.raw<Shown[]>([]) // of all pages
  charge = $state(0) // of all pages
  problem = $state.raw<unknown>(null) // of the last run
  busy = $state(false)
  face = $state<Face>('table')
  private asked = 0
  private stop: AbortController | null = null

  constructor(
    readonly id: string,
    text: string,
    parameters: Record<string, string> = {},
  ) {
    this.text = text
    this.parameters = parameters
  }

  get names(): string[] {
    return parametersOf(this.text)
  }

  get changed(): boolean {
    return this.ran !== null && this.ran !== this.text
  }

  // run asks anew, or for the page behind the one that is there.
  async run(c: Container, continuation?: string) {
    const mine = ++this.asked
    this.stop?.abort()
    this.stop = new AbortController()
    this.busy = true
    const text = continuation ? this.ran! : this.text
    try {
      const got = await call<QueryPage>(
        'POST',
        api(c, 'query'),
        { query: text, parameters: this.values(text), max: 100, continuation, typed: true },
        { signal: this.stop.signal },
      )
      if (mine !== this.asked) return
      const before = continuation ? this.rows : []
      const rows = got.rows.map((row, i) => new Shown(String(before.length + i), row, { continuation, only: i }))
      this.rows = [...before, ...rows]
      this.charge = (continuation ? this.charge : 0) + got.charge
      this.page = got
      this.ran = text
      this.problem = null
    } catch (e) {
      if (mine === this.asked && !this.stop.signal.aborted) this.problem = e
    } finally {
      if (mine === this.asked) this.busy = false
    }
  }

  cancel() {
    this.asked++
    this.stop?.abort()
    this.busy = false
  }

  // values are the parameters as JSON; what is no JSON is a text.
  values(text: string): Record<string, unknown> {
    return Object.fromEntries(
      parametersOf(text)
        .filter((n) => this.parameters[n] !== undefined && this.parameters[n] !== '')
        .map((n) => [n, literal(this.parameters[n])]),
    )
  }

  // whole asks for one row uncut.
  whole(c: Container, row: Shown): Promise<QueryPage> {
    const { continuation, only } = row.at!
    const query = this.ran!
    return call('POST', api(c, 'query'), { query, parameters: this.values(query), max: 100, continuation, only })
  }

  // place is where the last run's text is wrong.
  get place() {
    return this.problem instanceof Problem ? this.problem.place : undefined
  }
}

function literal(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

// parametersOf finds @names outside of strings and comments.
export function parametersOf(text: string): string[] {
  const found = new Set<string>()
  for (const m of text.matchAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|--.*|(@\w+)/g)) if (m[1]) found.add(m[1])
  return [...found]
}

export const firstQuery = 'SELECT TOP 100 * FROM c'

export class Tabs {
  all = $state.raw<Tab[]>([])
  private timer = 0

  constructor(readonly key: string) {
    for (const d of kept(key)) this.all = [...this.all, new Tab(d.id, d.text, d.parameters)]
    if (this.all.length === 0) this.all = [new Tab('q1', firstQuery)]
    addEventListener('pagehide', () => this.timer && this.save()) // there may be no other moment
  }

  find(id: string | null): Tab {
    return this.all.find((t) => t.id === id) ?? this.all[0]
  }

  add(text = firstQuery): Tab {
    const numbers = this.all.map((t) => Number(t.id.slice(1)) || 0)
    const tab = new Tab('q' + (Math.max(0, ...numbers) + 1), text)
    this.all = [...this.all, tab]
    this.save()
    return tab
  }

  // close answers which tab stands there now.
  close(tab: Tab): Tab {
    tab.cancel()
    const i = this.all.indexOf(tab)
    this.all = this.all.filter((t) => t !== tab)
    if (this.all.length === 0) this.all = [new Tab('q1', firstQuery)]
    this.save()
    return this.all[Math.min(i, this.all.length - 1)]
  }

  // soon saves when nobody has typed for a moment.
  soon() {
    clearTimeout(this.timer)
    this.timer = window.setTimeout(() => this.save(), 250)
  }

  save() {
    clearTimeout(this.timer)
    this.timer = 0
    const drafts: Draft[] = this.all.map(({ id, text, parameters }) => ({ id, text, parameters: { ...parameters } }))
    try {
      localStorage.setItem(this.key, JSON.stringify(drafts))
    } catch {
      // storage is full or switched off: the drafts hold until the page is closed
    }
  }
}

function kept(key: string): Draft[] {
  try {
    const drafts = JSON.parse(localStorage.getItem(key) ?? '[]') as Draft[]
    return drafts.filter((d) => typeof d.id === 'string' && typeof d.text === 'string')
  } catch {
    return []
  }
}

const open = new Map<string, Tabs>()

export function tabsOf(c: Container): Tabs {
  const key = `lazuli.draft.queries.${c.account}/${c.id}`
  let tabs = open.get(key)
  if (!tabs) open.set(key, (tabs = new Tabs(key)))
  return tabs
}

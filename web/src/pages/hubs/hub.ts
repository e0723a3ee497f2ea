// What the parts of the page share.
import { call, path } from '../../lib/api'
import { num, rate } from '../../lib/format'
import { t } from '../../lib/i18n'
import { link } from '../../lib/router.svelte'
import { byName } from '../../lib/sorted'
import type { Hub, HubConsumer, HubDetail, HubEvent, HubEventRow } from '../../lib/types'
import type { MatrixRow, State } from '../../ui/types'
import { words } from './words'

export const tabs = ['overview', 'events', 'consumers', 'partitions', 'settings'] as const
export type Tab = (typeof tabs)[number]

// Which is a hub's place in addresses, of pages and of the server.
export interface Which {
  ns: string
  name: string
}
export const api = (h: Which, ...rest: (string | number)[]) => path('hubs', h.ns, h.name, ...rest)
// verb is an address whose last segment ends with :verb, which no encoding may touch.
export const verb = (h: Which, what: 'search' | 'tail' | 'count' | 'replay') =>
  `${path('hubs', h.ns, h.name)}/events:${what}`
export const page = (h: Which, tab: Tab, query: Record<string, string | null> = {}) =>
  link('hubs', h.ns, h.name, tab, query)

export type EventRow = HubEventRow & { id: string }
export const eventId = (e: HubEventRow) => `${e.p}.${e.s}`
export const event = (h: Which, id: string, signal?: AbortSignal) => {
  const [p, s] = id.split('.')
  return call<HubEvent>('GET', api(h, 'partitions', p, 'events', s), undefined, { signal })
}

export const perSecond = (v: number) => rate(v) + t(words.perSecond)

// large is a count in few characters: 512k.
export function large(v: number): string {
  if (v < 10_000) return num(v)
  if (v < 999_500) return num(Math.round(v / 1000)) + 'k'
  return num(v / 1e6, 1) + 'M'
}

export function keptFor(hours: number): string {
  if (!hours) return t(words.keptForEver)
  const days = hours / 24
  return t(words.kept, {
    t: hours >= 48 && Number.isInteger(days) ? t(words.days, { n: days }) : t(words.hours, { n: hours }),
  })
}

// reader is a consumer's name for people.
export const reader = (c: { kind: string; name: string }) =>
  c.kind === 'job' ? `${c.name} · ${t(words.job)}` : c.kind === 'client' ? `AMQP ${c.name}` : c.name

export const readerLink = (c: { kind: string; app?: string; name: string }) =>
  c.kind === 'function' ? link('functions', c.app!, c.name) : c.kind === 'job' ? link('jobs', c.name) : undefined

export const readerState = (c: HubConsumer): State => c.state as State

export function readerWord(c: HubConsumer): string {
  if (c.growing) return t(words.growing)
  if (c.state === 'warn') return t(words.isBehind)
  if (c.state === 'ok') return t(words.reads)
  return c.kind === 'client' ? t(c.seen ? words.notConnected : words.neverRead) : t(words.stopped)
}

// gone is a group that no client reads now: how far one is only it knows.
export const gone = (c: HubConsumer) => c.kind === 'client' && c.links === 0

const kinds: string[] = ['function', 'job', 'client']

// ordered is consumers by their kinds and names.
export const ordered = (all: readonly HubConsumer[]) =>
  all.toSorted((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || byName(reader(a), reader(b)))

// shown leaves out the group that every hub has and nobody uses.
export const shown = (all: readonly HubConsumer[]) =>
  ordered(all.filter((c) => c.seen || c.kind !== 'client' || c.group !== '$Default'))

export const matrix = (d: HubDetail): MatrixRow[] =>
  shown(d.readers).map((c) => ({
    id: c.id,
    name: reader(c),
    values: gone(c) ? c.lags.map(() => null) : c.lags,
    total: gone(c) ? null : c.lag,
    title: `${reader(c)}: ${readerWord(c)}`,
  }))

export const badge = (h: Hub): { state?: State; word?: string } =>
  h.behind > 0
    ? { state: 'warn', word: t(words.behind, { n: h.behind }) }
    : h.state === 'off'
      ? { state: 'off', word: t(words.idleWord) }
      : {}

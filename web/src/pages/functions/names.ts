// What things are called and how they look, from what the server says of them.
import { t, type Phrase } from '../../lib/i18n'
import { num, perSecond, rate, seconds } from '../../lib/format'
import { containerHome, hubHome, storedHome } from '../../lib/places'
import { link } from '../../lib/router.svelte'
import type { App, Func, FuncOutput, RunRow } from '../../lib/wire'
import type { IconName } from '../../shell/icons'
import type { Meta, NavRow, State } from '../../ui/types'
import { words } from './words'

export const tabs = ['overview', 'invocations', 'failures', 'letters', 'test', 'logs', 'keys'] as const
export type TabName = (typeof tabs)[number]

const stateWords = {
  ok: words.healthy,
  warn: words.attention,
  bad: words.failing,
  off: words.off,
  busy: words.starting,
}
export const stateWord = (s: State): string => t(stateWords[s])

export const resultWord = (s: State): string =>
  t(s === 'bad' ? words.failed : s === 'busy' ? words.running : words.succeeded)

// kindName is what an app is written in.
export const kindName = (kind: string): string =>
  kind === 'go' ? t(words.kindGo) : kind === 'custom' ? t(words.kindCustom) : kind

const icons: Record<string, IconName> = {
  eventhubtrigger: 'radio-tower',
  cosmosdbtrigger: 'database',
  timertrigger: 'timer',
  httptrigger: 'globe',
  queuetrigger: 'inbox',
  blobtrigger: 'box',
}
export const triggerIcon = (type: string): IconName => icons[type.toLowerCase()] ?? 'zap'

const triggers: Record<string, Phrase> = {
  eventhubtrigger: words.triggerHub,
  cosmosdbtrigger: words.triggerCosmos,
  timertrigger: words.triggerTimer,
  httptrigger: words.triggerHTTP,
  queuetrigger: words.triggerQueue,
  blobtrigger: words.triggerBlob,
  kafkatrigger: words.triggerKafka,
  servicebustrigger: words.triggerBus,
  warmuptrigger: words.triggerWarmup,
}
// triggerWord is what starts a function, in words; of a kind that is not known, its type.
export const triggerWord = (type: string): string => {
  const known = triggers[type.toLowerCase()]
  return known ? t(known) : type
}

export const isHTTP = (f: Func): boolean => f.trigger.toLowerCase() === 'httptrigger'

// target is where a binding leads in the portal, if that is a page.
export function target(type: string, to: string): string | undefined {
  if (!to) return undefined
  if (/^eventhub/i.test(type)) return hubHome(to)
  if (to.includes('{')) return undefined // named by each run
  if (/^queue/i.test(type)) return storedHome('queues', to)
  if (/^blob/i.test(type)) return storedHome('blobs', to)
  if (/^table/i.test(type)) return storedHome('tables', to)
  return /^cosmosdb/i.test(type) && to.includes('/') ? containerHome(to) : undefined
}

const outputName = (o: FuncOutput): string => o.target || o.type

export function metaOf(f: Func): Meta[] {
  const on = isHTTP(f) ? [f.methods?.join(' ') ?? '', '/' + f.target.replace(/^\//, '')].join(' ').trim() : f.target
  const list: Meta[] = []
  if (on)
    list.push({
      icon: triggerIcon(f.trigger),
      text: on + (f.group ? ' · ' + f.group : ''),
      href: target(f.trigger, f.target),
    })
  for (const o of f.outputs)
    list.push({
      icon: 'arrow-down-to-line',
      text: outputName(o).replaceAll('/', ' / '),
      href: target(o.type, o.target),
    })
  return list
}

// share is how many failed, in percent.
export const percent = (bad: number, all: number): string => {
  if (bad === 0 || all === 0) return '0 %'
  const p = (bad / all) * 100
  return (p >= 10 ? num(p, 0) : p < 0.1 ? '< 0.1' : num(p, 1)) + ' %'
}

// figure is the one number of a function in the list.
export function figure(f: Func): string {
  if (f.state === 'bad' && f.recentFailed > 0) return percent(f.recentFailed, f.recent)
  if (f.disabled || f.listener === 'Broken') return '–'
  if (f.runs >= 0.05 || f.recent === 0) return rate(f.runs) + perSecond()
  return f.recent >= 15 ? t(words.aMinute, { n: num(f.recent / 15, 0) }) : t(words.inQuarter, { n: num(f.recent) })
}

export const navRow = (f: Func, tab: string | undefined): NavRow => ({
  id: f.id,
  name: f.name,
  href: link('functions', f.app, f.name, ...(tab && tab !== 'overview' ? [tab] : [])),
  group: f.app,
  state: f.state as State,
  spark: f.spark,
  sparkBad: f.sparkFailed,
  figure: figure(f),
  tone: f.state === 'bad' ? 'bad' : undefined,
  title: f.error || undefined,
})

// duration is a time that something took, in the unit that suits it.
export function duration(ms: number): string {
  if (ms < 0.1) return num(ms, 2) + ' ms'
  if (ms < 10) return num(ms, 1) + ' ms'
  if (ms < 1000) return num(ms, 0) + ' ms'
  if (ms < 60_000) return seconds(ms / 1000, 1)
  return t(words.minutes, { n: num(ms / 60_000, 1) })
}

// messageOf is the one line that a run is known by.
export function messageOf(r: RunRow): string {
  if (r.message) return r.message.split('\n')[0]
  const parts = []
  if (r.status) parts.push(String(r.status))
  if (r.sent) parts.push(t(words.written, { n: r.sent }))
  if (r.retry) parts.push(t(words.retry) + ' ' + r.retry)
  return parts.join(' · ')
}

// curl is a request as a command.
export function curl(method: string, url: string, headers: [string, string][], body: string): string {
  const q = (s: string) => "'" + s.replaceAll("'", `'\\''`) + "'"
  const parts = ['curl -i']
  if (method !== 'GET') parts.push('-X ' + method)
  parts.push(q(url), ...headers.map(([n, v]) => '-H ' + q(`${n}: ${v}`)))
  if (body) parts.push('--data-raw ' + q(body))
  return parts.join(' ')
}

export const appOf = (apps: App[] | null, name: string): App | undefined => apps?.find((a) => a.id === name)

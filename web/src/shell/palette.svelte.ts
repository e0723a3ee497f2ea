// What the palette shows for what was typed.

import { otherwise, t } from '../lib/i18n'
import { rank, type Ranked } from '../lib/rank'
import { route } from '../lib/router.svelte'
import { pages } from '../pages'
import { here } from './actions.svelte'
import { commands } from './commands'
import type { IconName } from './icons'
import { everything, known, shown } from './names.svelte'
import type { Action, Name, State } from './page'
import { recent } from './recent'
import { words } from './words'

export interface Row {
  id: string
  text: string
  marks: [number, number][]
  detail?: string
  icon?: IconName
  state?: State
  key?: string
  name?: Name // what Tab asks the actions of
  to?: string
  run?: () => unknown
}

export interface Section {
  title: string
  rows: Row[]
  more: number // rows that are left out
}

const shownNames = 30
const shownActions = 12

const nameRow = ({ it, marks }: Ranked<Name>): Row => ({
  id: 'n ' + it.kind + ' ' + it.id + ' ' + it.to,
  text: it.text,
  marks,
  detail: it.detail,
  icon: it.icon,
  state: it.state,
  name: it,
  to: it.to,
})

const actionRow = ({ it, marks }: Ranked<Action>): Row => ({
  id: 'a ' + it.id,
  text: it.text,
  marks,
  detail: it.asks ? t(words.asks) : undefined,
  icon: it.icon,
  key: it.key,
  run: it.run,
})

// section numbers rows of one id: the same action of several things.
function section(title: string, rows: Row[], limit: number): Section {
  const seen = new Map<string, number>()
  const apart = rows.slice(0, limit).map((row) => {
    const n = seen.get(row.id) ?? 0
    seen.set(row.id, n + 1)
    return n ? { ...row, id: `${row.id} ${n}` } : row
  })
  return { title, rows: apart, more: Math.max(0, rows.length - limit) }
}

// both are actions that are found by the words of both languages.
function both(of: () => Action[]): Action[] {
  const others = otherwise(of)
  return of().map((a, i) => {
    const also = [a.also, others[i]?.text, others[i]?.also].filter(Boolean)
    return { ...a, also: also.join('\n') }
  })
}

// about are the actions of a thing.
export const about = (name: Name): Action[] => both(() => pages.flatMap((p) => p.actions?.(name) ?? []))

const free = (): Action[] => both(() => [...here(), ...shown().flatMap((p) => p.actions?.(null) ?? []), ...commands()])

// search finds what was typed. of is the thing whose actions are wanted; found
// are names that the server found, where there are too many to know them all.
export function search(typed: string, of: Name | null, found: Name[]): Section[] {
  if (of) return [section(t(words.doWith, { name: of.text }), rank(typed, about(of)).map(actionRow), 50)].filter(full)
  const only = /^[>@]/.test(typed) ? typed[0] : ''
  const q = only ? typed.slice(1).trim() : typed.trim()
  const names = only === '>' ? [] : named(q, only === '@', found)
  const acts = only === '@' ? [] : acted(q, names)
  const jump = section(t(q ? words.jumpTo : words.recent), names.map(nameRow), q || only ? shownNames : 8)
  const act = section(t(words.do), acts.map(actionRow), only ? 50 : q ? shownActions : 5)
  // A verb that was written out comes before names that only have its letters.
  const verb = q !== '' && (names[0]?.near ?? false) && acts.length > 0 && means(acts[0])
  return [
    ...(verb ? [act, jump] : [jump, act]),
    section(t(words.everywhere), only || !q ? [] : elsewhere(q), 10),
  ].filter(full)
}

const means = (r: Ranked<Action>) => !r.near && (r.marks.length > 0 || !!r.other)

const full = (s: Section) => s.rows.length > 0

// named are the names for what was typed; for nothing, those used lately and
// then the pages.
function named(q: string, things: boolean, found: Name[]): Ranked<Name>[] {
  const all = known.all ? everything() : unique([...found, ...everything()])
  const some = things ? all.filter((n) => n.kind !== 'page') : all
  if (q) return rank(q, some, recent())
  const used = recent().filter((to) => to !== route.pathname)
  const lately = used.flatMap((to) => some.find((n) => n.to === to) ?? [])
  const rest = some.filter((n) => !lately.includes(n) && (things || n.kind === 'page') && n.to !== route.pathname)
  return [...lately, ...rest].map((it) => ({ it, marks: [] }))
}

function unique(names: Name[]): Name[] {
  const seen = new Set<string>()
  return names.filter((n) => !seen.has(n.kind + '\n' + n.id) && seen.add(n.kind + '\n' + n.id))
}

// ofThings are the actions of things, where there are not too many to ask.
const ofThings = () =>
  everything()
    .filter((n) => n.kind !== 'page')
    .slice(0, 300)
    .flatMap(about)

// acted are actions whose text matches, and those of the best names. What no name is
// called may be what is to be done with one.
function acted(q: string, names: Ranked<Name>[]): Ranked<Action>[] {
  const called = q !== '' && names.length > 0 && !names[0].near
  const best = called ? names.slice(0, 3).flatMap((n) => about(n.it)) : []
  if (q && !called) {
    const near = names.slice(0, 3).flatMap((n) => about(n.it))
    const verbs = rank(q, ofThings()).filter((r) => !r.near)
    const rest = near.filter((a) => !verbs.some((v) => v.it.text === a.text))
    return [...rank(q, free()), ...verbs, ...rest.map((it) => ({ it, marks: [] as [number, number][] }))].sort(
      (a, b) => Number(means(b)) - Number(means(a)),
    )
  }
  const direct = rank(q, free())
  const marked = rank(q, best)
  const others = best
    .filter((a) => !marked.some((m) => m.it === a))
    .map((it) => ({ it, marks: [] as [number, number][] }))
  return [...direct.slice(0, q ? 6 : 50), ...marked, ...others, ...direct.slice(q ? 6 : 50)]
}

const elsewhere = (q: string): Row[] =>
  shown().flatMap((p) => {
    const place = p.search?.(q)
    return place ? [{ id: 's ' + p.path, marks: [], icon: p.icon, ...place }] : []
  })

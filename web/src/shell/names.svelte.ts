// Every name there is: things of the server's lists, names that pages know, and
// the pages themselves.

import { call } from '../lib/api'
import { t } from '../lib/i18n'
import { live } from '../lib/live.svelte'
import { prefs } from '../lib/prefs.svelte'
import type { NameRow, NamesPage } from '../lib/wire'
import { pages } from '../pages'
import type { Name, State } from './page'

const whole = 5000 // names that this browser ranks by itself

class Known {
  rows = $state.raw<NameRow[]>([])
  total = $state(0)
  all = $derived(this.total <= whole)
}

export const known = new Known()

// load asks the server for the names; it is done whenever they are to be
// searched.
export function load() {
  void call<NamesPage>('GET', '/api/names?limit=' + whole).then(
    (got) => {
      known.rows = got.names
      known.total = got.total
    },
    () => {}, // the connection says that something is wrong; what is known stays
  )
}

// ask finds names on the server, where there are too many to know them all.
export async function ask(q: string, signal: AbortSignal): Promise<Name[]> {
  const got = await call<NamesPage>('GET', '/api/names?limit=100&q=' + encodeURIComponent(q), undefined, { signal })
  return got.names.flatMap(named)
}

function named(row: NameRow): Name[] {
  for (const page of pages) {
    const place = page.kinds?.[row.kind]?.(row.id)
    if (!place) continue
    const state = (row.state || undefined) as State | undefined
    return [{ kind: row.kind, id: row.id, icon: page.icon, state, ...place }]
  }
  return []
}

export const shown = () => pages.filter((p) => !p.exists || p.exists(live))

// places are the pages.
export const places = (): Name[] =>
  shown().map((p) => ({
    kind: 'page',
    id: p.path,
    text: t(p.title),
    also: p.title[prefs.lang === 'ko' ? 0 : 1],
    to: p.path,
    icon: p.icon,
  }))

export const everything = (): Name[] => [
  ...known.rows.flatMap(named),
  ...shown().flatMap((p) => p.names?.(live) ?? []),
  ...places(),
]

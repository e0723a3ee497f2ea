import { t } from '../../lib/i18n'
import { within } from '../../lib/places'
import { go, link } from '../../lib/router.svelte'
import type { PageDef, Place } from '../../shell/page'
import { names } from './title'

// A hub's id is NAMESPACE/HUB.
const parts = (id: string) => id.split('/') as [string, string]

function place(id: string): Place {
  const [ns, name] = parts(id)
  return { text: name, detail: t(names.hub, { ns }), to: link('hubs', ns, name) }
}

export default {
  path: '/hubs',
  title: names.title,
  group: 'messaging',
  icon: 'radio',
  key: 'e',
  phone: true,
  count: (live) => live.summary?.counts.hubs ?? null,
  kinds: { hubs: place },
  siblings: (segments, at, live) =>
    at === 1
      ? (live.list<{ id: string }>('hubs') ?? []).filter((h) => parts(h.id)[0] === segments[0]).map((h) => place(h.id))
      : [],
  crumbs: ([ns, name]) =>
    ns === undefined ? [] : name === undefined ? [{ text: ns }] : [{ text: ns, to: link('hubs') }, { text: name }],
  actions: (on) => {
    const create = () => go('hubs', { do: 'create' })
    if (!on) return [{ id: 'create-hub', text: t(names.create), also: t(names.another), icon: 'plus', run: create }]
    if (on.kind !== 'hubs') return []
    const [ns, name] = parts(on.id)
    const called = within(ns, name)
    return [
      {
        id: 'send',
        text: t(names.send, { name: called }),
        icon: 'send',
        run: () => go('hubs', ns, name, 'events', { do: 'send' }),
      },
      {
        id: 'events',
        text: t(names.search, { name: called }),
        icon: 'search',
        run: () => go('hubs', ns, name, 'events'),
      },
    ]
  },
  load: () => import('./Page.svelte'),
} satisfies PageDef

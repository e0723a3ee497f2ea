import { link } from '../../lib/router.svelte'
import type { PageDef } from '../../shell/page'
import { words } from './title'

const place = (id: string) => ({ text: id, to: link('jobs', id, 'overview') })

export default {
  path: '/jobs',
  title: words.title,
  group: 'compute',
  icon: 'waves',
  key: 'j',
  count: (live) => live.summary?.counts.jobs ?? null,
  failing: (live) => live.summary?.failing.jobs ?? 0,
  kinds: { jobs: place },
  siblings: (_, at, live) => (at === 0 ? (live.list<{ id: string }>('jobs') ?? []).map((j) => place(j.id)) : []),
  crumbs: ([name]) => (name === undefined ? [] : [{ text: name }]), // the tab says its own name
  load: () => import('./Page.svelte'),
} satisfies PageDef

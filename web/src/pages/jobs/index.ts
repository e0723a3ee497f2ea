import { link } from '../../lib/router.svelte'
import type { PageDef } from '../../shell/page'
import { words } from './title'

export default {
  path: '/jobs',
  title: words.title,
  group: 'compute',
  icon: 'waves',
  key: 'j',
  count: (live) => live.summary?.counts.jobs ?? null,
  failing: (live) => live.summary?.failing.jobs ?? 0,
  kinds: { jobs: (id) => ({ text: id, to: link('jobs', id, 'overview') }) },
  load: () => import('./Page.svelte'),
} satisfies PageDef

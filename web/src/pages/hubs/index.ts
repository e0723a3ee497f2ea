import { link } from '../../lib/router.svelte'
import type { PageDef } from '../../shell/page'
import { words } from './words'

export default {
  path: '/hubs',
  title: words.title,
  group: 'messaging',
  icon: 'radio',
  key: 'e',
  phone: true,
  count: (live) => live.summary?.counts.hubs ?? null,
  failing: (live) => live.summary?.failing.hubs ?? 0,
  kinds: { hubs: (id) => ({ text: id, to: link('hubs', id) }) },
  load: () => import('./Page.svelte'),
} satisfies PageDef

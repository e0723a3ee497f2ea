import { link } from '../../lib/router.svelte'
import type { PageDef } from '../../shell/page'
import { words } from './words'

export default {
  path: '/functions',
  title: words.title,
  group: 'compute',
  icon: 'zap',
  key: 'f',
  phone: true,
  count: (live) => live.summary?.counts.functions ?? null,
  failing: (live) => live.summary?.failing.functions ?? 0,
  kinds: {
    functions: (id) => ({
      text: id.slice(id.indexOf('/') + 1),
      detail: id.split('/')[0],
      to: link('functions', ...id.split('/')),
    }),
  },
  load: () => import('./Page.svelte'),
} satisfies PageDef

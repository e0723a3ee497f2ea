import { link } from '../../lib/router.svelte'
import type { PageDef } from '../../shell/page'
import { words } from './words'

export default {
  path: '/data',
  title: words.title,
  group: 'data',
  icon: 'database',
  key: 'c',
  count: (live) => live.summary?.counts.containers ?? null,
  kinds: {
    containers: (id) => ({
      text: id.slice(id.indexOf('/') + 1),
      detail: id.split('/')[0],
      to: link('data', ...id.split('/')),
    }),
  },
  load: () => import('./Page.svelte'),
} satisfies PageDef

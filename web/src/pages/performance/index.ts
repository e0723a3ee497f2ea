import type { PageDef } from '../../shell/page'
import { words } from './title'

export default {
  path: '/performance',
  title: words.title,
  group: 'observe',
  icon: 'gauge',
  key: 'p',
  load: () => import('./Page.svelte'),
} satisfies PageDef

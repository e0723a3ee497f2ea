import type { PageDef } from '../../shell/page'
import { words } from './title'

export default {
  path: '/map',
  title: words.title,
  group: 'observe',
  icon: 'workflow',
  key: 'm',
  load: () => import('./Page.svelte'),
} satisfies PageDef

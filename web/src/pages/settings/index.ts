import type { PageDef } from '../../shell/page'
import { words } from './words'

export default {
  path: '/settings',
  title: words.title,
  group: 'foot',
  icon: 'settings',
  load: () => import('./Page.svelte'),
} satisfies PageDef

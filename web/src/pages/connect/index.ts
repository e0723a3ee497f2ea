import type { PageDef } from '../../shell/page'
import { words } from './title'

export default {
  path: '/connect',
  title: words.title,
  group: 'foot',
  icon: 'plug',
  load: () => import('./Page.svelte'),
} satisfies PageDef

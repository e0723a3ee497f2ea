import type { PageDef } from '../../shell/page'
import { words } from './title'

export default {
  path: '/live',
  title: words.title,
  group: 'observe',
  icon: 'monitor',
  key: 'l',
  load: () => import('./Page.svelte'),
} satisfies PageDef

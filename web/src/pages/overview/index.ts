import type { PageDef } from '../../shell/page'
import { words } from './title'

export default {
  path: '/',
  title: words.title,
  group: 'top',
  icon: 'activity',
  key: 'o',
  phone: true,
  load: () => import('./Page.svelte'),
} satisfies PageDef

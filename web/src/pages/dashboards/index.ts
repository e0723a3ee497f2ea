import type { PageDef } from '../../shell/page'
import { words } from './words'

export default {
  path: '/dashboards',
  title: words.title,
  group: 'top',
  icon: 'layout-dashboard',
  key: 'd',
  load: () => import('./Page.svelte'),
} satisfies PageDef

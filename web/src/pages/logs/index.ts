import type { PageDef } from '../../shell/page'
import { words } from './title'

export default {
  path: '/logs',
  title: words.title,
  group: 'observe',
  icon: 'scroll-text',
  key: 'g',
  phone: true,
  load: () => import('./Page.svelte'),
} satisfies PageDef

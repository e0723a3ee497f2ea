import type { PageDef } from '../../shell/page'
import { words } from './title'

export default {
  path: '/failures',
  title: words.title,
  group: 'observe',
  icon: 'circle-x',
  key: 'x',
  load: () => import('./Page.svelte'),
} satisfies PageDef

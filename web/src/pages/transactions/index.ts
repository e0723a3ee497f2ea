import type { PageDef } from '../../shell/page'
import { words } from './title'

export default {
  path: '/transactions',
  title: words.title,
  group: 'observe',
  icon: 'list-tree',
  key: 't',
  crumbs: ([id]) => (id === undefined ? [] : [{ text: id }]),
  load: () => import('./Page.svelte'),
} satisfies PageDef

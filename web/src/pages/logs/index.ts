import { t } from '../../lib/i18n'
import type { PageDef } from '../../shell/page'
import { words } from './title'

export default {
  path: '/logs',
  title: words.title,
  group: 'observe',
  icon: 'scroll-text',
  key: 'g',
  phone: true,
  crumbs: ([face]) => (face === undefined ? [] : [{ text: face === 'query' ? t(words.query) : face }]),
  load: () => import('./Page.svelte'),
} satisfies PageDef

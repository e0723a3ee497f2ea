import { dictionary } from '../../lib/i18n'
import type { PageDef } from '../../shell/page'

const words = dictionary({ title: ['Settings', '설정'] })

export default {
  path: '/settings',
  title: words.title,
  group: 'foot',
  icon: 'settings',
  key: ',',
  load: () => import('./Page.svelte'),
} satisfies PageDef

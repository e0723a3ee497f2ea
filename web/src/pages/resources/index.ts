import { link } from '../../lib/router.svelte'
import type { PageDef } from '../../shell/page'
import { words } from './title'

const place = (id: string) => ({
  text: id.slice(id.lastIndexOf('/') + 1),
  detail: id.split('/')[4],
  to: link('resources', { sel: id }),
})

export default {
  path: '/resources',
  title: words.title,
  group: 'foot',
  icon: 'layers',
  key: 'r',
  kinds: { resources: place },
  load: () => import('./Page.svelte'),
} satisfies PageDef

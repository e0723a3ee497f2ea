import { link } from '../../lib/router.svelte'
import type { GatewayApi } from '../../lib/wire'
import type { PageDef } from '../../shell/page'
import { words } from './title'

const place = (id: string) => {
  const [gateway = '', api = ''] = id.split('/')
  return {
    text: api,
    detail: gateway === 'default' ? undefined : gateway,
    to: link('gateway', gateway, api, 'overview'),
  }
}

export default {
  path: '/gateway',
  title: words.title,
  group: 'access',
  icon: 'network',
  key: 'a',
  count: (live) => live.summary?.counts.apis ?? null,
  failing: (live) => live.summary?.failing.apis ?? 0,
  kinds: { apis: place },
  siblings: ([gateway], at, live) =>
    at === 1 ? (live.list<GatewayApi>('apis') ?? []).filter((a) => a.gateway === gateway).map((a) => place(a.id)) : [],
  crumbs: ([gateway, api]) =>
    gateway === undefined ? [] : api === undefined ? [{ text: gateway }] : [{ text: gateway }, { text: api }],
  load: () => import('./Page.svelte'),
} satisfies PageDef

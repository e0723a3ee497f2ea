import { t } from '../../lib/i18n'
import { goTo, go, link } from '../../lib/router.svelte'
import type { PageDef, Place } from '../../shell/page'
import { title } from './title'

// lists are what is in an account, by the view of the address. Ids of their rows are
// ACCOUNT/NAME.
const lists: Record<string, string> = { blobs: 'blobcontainers', queues: 'queues', tables: 'tables' }

function place(view: string, id: string): Place {
  const cut = id.indexOf('/')
  const [account, name] = [id.slice(0, cut), id.slice(cut + 1)]
  return { text: name, detail: account, to: link('storage', account, view, name) }
}

export default {
  path: '/storage',
  title: title.title,
  group: 'data',
  icon: 'hard-drive',
  key: 's',
  count: ({ summary }) => summary && Object.values(lists).reduce((sum, kind) => sum + (summary.counts[kind] ?? 0), 0),
  kinds: {
    storage: (id) => ({ text: id, detail: t(title.account), to: link('storage', id) }),
    ...Object.fromEntries(Object.entries(lists).map(([view, kind]) => [kind, (id: string) => place(view, id)])),
  },
  actions(on) {
    const create = () => go('storage', { do: 'create' })
    if (!on) return [{ id: 'create', text: t(title.create), also: t(title.another), icon: 'plus', run: create }]
    if (on.kind !== 'blobcontainers') return []
    const upload = () => goTo(on.to + '?do=upload')
    return [{ id: 'upload', text: t(title.upload, { name: on.text }), icon: 'upload', run: upload }]
  },
  crumbs: ([account, view, name]) => [
    ...(account ? [{ text: account, to: link('storage', account, ...(view ? [view] : [])) }] : []),
    ...(name ? [{ text: name, to: link('storage', account, view, name) }] : []),
  ],
  siblings: ([account, view = 'blobs'], at, live) =>
    at === 0
      ? (live.list<{ id: string }>('storage') ?? []).map((a) => ({ text: a.id, to: link('storage', a.id, view) }))
      : (live.list<{ id: string }>(lists[view] ?? '') ?? [])
          .filter((row) => row.id.startsWith(account + '/'))
          .map((row) => ({ ...place(view, row.id), detail: undefined })),
  load: () => import('./Page.svelte'),
} satisfies PageDef

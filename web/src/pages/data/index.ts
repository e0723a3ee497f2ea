import { t } from '../../lib/i18n'
import { containerHome, containerSteps } from '../../lib/places'
import { go, link } from '../../lib/router.svelte'
import type { Container, Database } from '../../lib/wire'
import type { PageDef } from '../../shell/page'
import { title, titled } from './title'

export default {
  path: '/data',
  title: title.title,
  group: 'data',
  icon: 'database',
  key: 'c',
  count: (live) => live.summary?.counts.containers ?? null,
  kinds: {
    containers: (id) => ({
      text: id.slice(id.lastIndexOf('/') + 1),
      detail: id.slice(0, id.lastIndexOf('/')),
      to: containerHome(id),
    }),
  },
  actions(on) {
    const create = () => go('data', { do: 'create' })
    if (!on) return [{ id: 'create', text: t(title.create), also: t(title.another), icon: 'plus', run: create }]
    if (on.kind !== 'containers') return []
    const steps = containerSteps(on.id)
    const to = (view: string, query = {}) => go('data', ...steps, view, query)
    const name = on.id.split('/').length > 2 ? on.id : on.text // that of an account with it: others may be called alike
    return [
      { id: 'query', text: t(title.ask, { name }), icon: 'terminal', run: () => to('query') },
      { id: 'new-item', text: t(title.item, { name }), icon: 'plus', run: () => to('items', { sel: 'new' }) },
      { id: 'changes', text: t(title.feed, { name }), icon: 'activity', run: () => to('changes') },
    ]
  },
  crumbs: ([account, db, container]) => [
    ...(db ? [{ text: titled(account, db), to: link('data', account, db) }] : []),
    ...(container ? [{ text: container, to: link('data', account, db, container) }] : []),
  ],
  siblings: ([account, db], at, live) =>
    at === 0
      ? (live.list<Database>('databases') ?? []).map((d) => ({
          text: titled(d.account, d.name),
          to: link('data', d.account, d.name),
        }))
      : (live.list<Container>('containers') ?? [])
          .filter((c) => c.account === account && c.database === db)
          .map((c) => ({ text: c.name, to: link('data', account, db, c.name) })),
  load: () => import('./Page.svelte'),
} satisfies PageDef

import { t } from '../../lib/i18n'
import { go, link } from '../../lib/router.svelte'
import type { PageDef } from '../../shell/page'
import type { BoardEntry } from '../../lib/types'
import { words } from './title'

export default {
  path: '/dashboards',
  title: words.title,
  group: 'top',
  icon: 'layout-dashboard',
  key: 'd',
  count: (live) => live.summary?.counts.dashboards ?? null,
  failing: (live) => live.summary?.failing.dashboards ?? 0,
  kinds: { dashboards: (id) => ({ text: id, detail: t(words.dashboard), to: link('dashboards', id) }) },
  siblings: (_, at, live) =>
    at === 0
      ? (live.list<BoardEntry>('dashboards') ?? []).map((b) => ({ text: b.name, to: link('dashboards', b.name) }))
      : [],
  crumbs: ([name, mode]) => [
    ...(name ? [{ text: name, to: link('dashboards', name) }] : []),
    ...(mode === 'edit' ? [{ text: t(words.editing) }] : []),
  ],
  actions: (on) =>
    on?.kind === 'dashboards'
      ? [
          {
            id: 'edit-dashboard',
            text: t(words.edit, { name: on.text }),
            icon: 'pencil',
            run: () => go('dashboards', on.id, 'edit'),
          },
        ]
      : on
        ? []
        : [
            {
              id: 'new-dashboard',
              text: t(words.make),
              also: t(words.another),
              icon: 'plus',
              run: () => go('dashboards', { do: 'new' }),
            },
          ],
  load: () => import('./Page.svelte'),
} satisfies PageDef

import { t } from '../../lib/i18n'
import { go, link } from '../../lib/router.svelte'
import type { Func } from '../../lib/wire'
import type { PageDef, State } from '../../shell/page'
import { titles } from './title'

const split = (id: string) => [id.slice(0, id.indexOf('/')), id.slice(id.indexOf('/') + 1)]

export default {
  path: '/functions',
  title: titles.title,
  group: 'compute',
  icon: 'zap',
  key: 'f',
  phone: true,
  count: (live) => live.summary?.counts.functions ?? null,
  failing: (live) => (live.summary?.failing.functions ?? 0) + (live.summary?.failing.apps ?? 0),
  kinds: {
    functions: (id) => ({ text: split(id)[1], detail: split(id)[0], to: link('functions', ...split(id)) }),
    apps: (id) => ({ text: id, detail: t(titles.app), to: link('functions', id) }),
  },
  actions: (on) =>
    on?.kind !== 'functions'
      ? []
      : (['test', 'failures', 'logs'] as const).map((tab) => ({
          id: tab,
          text: t(titles[tab], { name: on.text }),
          icon: tab === 'test' ? 'play' : tab === 'logs' ? 'scroll-text' : 'triangle-alert',
          run: () => go('functions', ...split(on.id), tab),
        })),
  siblings: (segments, at, live) =>
    at > 1
      ? []
      : [...new Map((live.list<Func>('functions') ?? []).map((f) => [at === 0 ? f.app : f.id, f])).values()]
          .filter((f) => at === 0 || f.app === segments[0])
          .map((f) =>
            at === 0
              ? { text: f.app, to: link('functions', f.app) }
              : { text: f.name, to: link('functions', f.app, f.name), state: f.state as State },
          ),
  crumbs: (segments) =>
    segments.slice(0, 2).map((text, n) => ({ text, to: link('functions', ...segments.slice(0, n + 1)) })),
  load: () => import('./Page.svelte'),
} satisfies PageDef

// What a node of the picture is called, and where it leads.
import { num, rate } from '../../lib/format'
import { t } from '../../lib/i18n'
import { containerHome, hubHome, storedHome } from '../../lib/places'
import { link } from '../../lib/router.svelte'
import type { PictureNode } from '../../lib/types'
import type { IconName } from '../../shell/icons'
import type { State } from '../../ui/types'
import { words } from './words'

const icons: Record<string, IconName> = {
  hub: 'radio',
  namespace: 'radio',
  function: 'zap',
  container: 'database',
  job: 'waves',
  source: 'users',
  app: 'zap',
  database: 'database',
  queue: 'inbox',
  blobs: 'box',
  table: 'table',
}

export const icon = (n: PictureNode): IconName => icons[n.of ?? n.kind] ?? icons[n.kind] ?? 'boxes'
export const stateOf = (n: PictureNode) => n.state as State

const several: Record<string, keyof typeof words> = {
  function: 'members',
  hub: 'hubs',
  namespace: 'namespaces',
  container: 'containers',
  job: 'jobs',
  queue: 'queues',
  blobs: 'blobContainers',
  table: 'tables',
}

export function title(n: PictureNode): string {
  const count = { n: n.members ?? 0 }
  if (n.kind === 'source') return t(n.name === 'http' ? words.http : words.clients)
  if (n.kind === 'idle') return t(words.idle, count)
  if (n.kind === 'more') return t(words.more, count)
  if (n.kind === 'set') return t(words.equal, { name: n.name.slice(n.name.lastIndexOf('/') + 1), ...count })
  return n.name
}

// called is its title where others may have the same: with its account.
export const called = (n: PictureNode) => (n.account ? `${n.account}/${title(n)}` : title(n))

export function kind(n: PictureNode): string {
  if (n.kind === 'source') return n.name === 'amqp' && n.count ? t(words.connections, { n: n.count }) : ''
  if (n.members) return t(words[several[n.of ?? ''] ?? 'more'], { n: n.members })
  const word = t(words[n.kind as 'hub'])
  return n.account ? `${n.account} · ${word}` : word
}

export function note(n: PictureNode): string | undefined {
  if (n.failing) return t(words.failing, { n: n.failing })
  if (n.lag) return '+' + num(n.lag)
  return n.rate >= 0.05 ? rate(n.rate) + t(words.perSecond) : undefined
}

// home is where a thing is shown; null for a group.
export function home(n: PictureNode): string | null {
  if (!n.key) return null
  if (n.kind === 'hub') return hubHome(n.key)
  if (n.kind === 'function') return link('functions', ...n.key.split('/'))
  if (n.kind === 'container') return containerHome(n.key)
  if (n.kind === 'queue') return storedHome('queues', n.key)
  if (n.kind === 'blobs') return storedHome('blobs', n.key)
  if (n.kind === 'table') return storedHome('tables', n.key)
  return n.kind === 'job' ? link('jobs', n.key, 'overview') : null
}

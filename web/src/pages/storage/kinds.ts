// What a storage account holds, in the order of the list and of the tabs.

import type { Lazy } from '../../lib/lazy'
import { lazy } from '../../lib/lazy'
import { bytes, num } from '../../lib/format'
import { t, type Phrase } from '../../lib/i18n'
import type { IconName } from '../../shell/icons'
import type { BlobContainer, Queue, StorageAccount, StorageTable } from '../../lib/wire'
import type { NavRow } from '../../ui/types'
import type { Component, Snippet } from 'svelte'
import { blobWords } from './blob.words'
import { words } from './words'

export type View = 'blobs' | 'queues' | 'tables'

// Thing is a row of the topic of a kind: ACCOUNT/NAME.
export interface Thing {
  id: string
  account: string
  name: string
}

// Shown is what the component of a kind is given. It draws the Frame with that list
// beside it: without a name all things of the account, with `tabs` below its Head;
// with a name that thing, with a Head of its own.
export interface Shown {
  account: StorageAccount
  accounts: StorageAccount[]
  name?: string
  rest: string[] // the segments of the address behind the name
  list: Snippet
  tabs: Snippet
  detail: boolean // false: on a phone the list alone is shown
}

export interface Kind {
  view: View
  topic: string
  icon: IconName
  tab: Phrase // of its tab
  group: Phrase // of its group in the list
  part: Lazy<Component<Shown>>
  // row says more of a thing for the list: figure, state, tone, title.
  row: (thing: never) => Partial<NavRow>
}

export const kinds: readonly Kind[] = [
  {
    view: 'blobs',
    topic: 'blobcontainers',
    icon: 'box',
    tab: words.blobs,
    group: words.containers,
    part: lazy(() => import('./Blobs.svelte')),
    row: (c: BlobContainer) => ({
      figure: num(c.blobs),
      title: t(blobWords.blobsN, { n: c.blobs }) + ', ' + bytes(c.bytes),
    }),
  },
  {
    view: 'queues',
    topic: 'queues',
    icon: 'inbox',
    tab: words.queues,
    group: words.queues,
    part: lazy(() => import('./Queues.svelte')),
    row: (q: Queue) => ({
      figure: num(q.messages),
      state: q.state === 'warn' ? 'warn' : undefined,
      tone: q.state === 'warn' ? 'warn' : undefined,
      title: t(q.poison ? words.poisonN : words.messagesN, { n: q.messages }),
    }),
  },
  {
    view: 'tables',
    topic: 'tables',
    icon: 'table',
    tab: words.tables,
    group: words.tables,
    part: lazy(() => import('./Tables.svelte')),
    row: (table: StorageTable) => ({
      figure: num(table.entities),
      title: t(words.entitiesN, { n: table.entities }) + ', ' + bytes(table.bytes),
    }),
  },
]

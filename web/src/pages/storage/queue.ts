// Where a queue and its messages are: in the portal, and in its interface.
import { path } from '../../lib/api'
import { ago, dateTime } from '../../lib/format'
import { link } from '../../lib/router.svelte'

export interface InAccount {
  account: string
  name: string
}

export const views = ['messages', 'settings'] as const
export type View = (typeof views)[number]

export const api = (q: InAccount, ...more: string[]) => path('storage', q.account, 'queues', q.name, ...more)
export const to = (account: string, name: string, view?: View) =>
  link('storage', account, 'queues', name, ...(view && view !== 'messages' ? [view] : []))

// age is since when, with the moment itself behind it for who hovers.
export const age = (at: number) => (at ? ago(at) : '–')
export const moment = (at: number, none: string) => (at ? dateTime(at) : none)

// whole reads a whole number of at least `least`, or nothing.
export function whole(text: string, least: number, most: number): number | null {
  const n = Number(text)
  return text.trim() !== '' && Number.isInteger(n) && n >= least && n <= most ? n : null
}

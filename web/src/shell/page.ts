// What a page tells the shell about itself.

import type { Component } from 'svelte'
import type { Phrase } from '../lib/i18n'
import type { live } from '../lib/live.svelte'
import type { State } from '../ui/types'
import type { IconName } from './icons'

type Live = typeof live

export interface Route {
  segments: string[] // of the address, below the page's path
  query: URLSearchParams
}

export type { State }

// Place is somewhere to go.
export interface Place {
  text: string
  detail?: string
  to: string
  icon?: IconName
  state?: State
}

// Name is a thing with a name, as the palette finds it.
export interface Name extends Place {
  kind: string
  id: string
  also?: string // another text by which it is found
}

// Action is something to do. With asks, run opens a dialog first.
export interface Action {
  id: string
  text: string
  also?: string // another text by which it is found
  icon?: IconName
  key?: string
  asks?: boolean
  run: () => unknown
}

// Crumb is a step of the address as the top bar shows it.
export interface Crumb {
  text: string
  to?: string
}

export type Group = 'top' | 'messaging' | 'data' | 'compute' | 'access' | 'observe' | 'foot'

export interface PageDef {
  path: string
  title: Phrase
  group: Group
  icon: IconName
  key?: string // after g
  phone?: boolean // in the bar at the bottom of a phone
  count?: (live: Live) => number | null
  failing?: (live: Live) => number
  exists?: (live: Live) => boolean
  kinds?: Record<string, (id: string) => Place>
  names?: (live: Live) => Name[]
  actions?: (on: Name | null) => Action[]
  siblings?: (segments: string[], at: number, live: Live) => Place[]
  search?: (q: string) => Place // where everything that holds q is listed
  crumbs?: (segments: string[]) => Crumb[]
  load: () => Promise<{ default: Component<{ route: Route }> | Component<Record<string, never>> }>
}

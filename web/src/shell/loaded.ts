// The code of pages: loaded when it is first wanted, and then there at once.

import type { Component } from 'svelte'
import type { PageDef, Route } from './page'

export type Page = Component<{ route: Route }>

const pages = new Map<PageDef, Page>()

// loaded is a page's component if it is there.
export const loaded = (def: PageDef | null): Page | null => (def && pages.get(def)) ?? null

// load fetches a page's code unless it is there.
export async function load(def: PageDef): Promise<Page> {
  const got = pages.get(def) ?? ((await def.load()).default as Page)
  pages.set(def, got)
  return got
}

// expect fetches a page's code because somebody is about to go there. Whether that
// works is told when they do.
export const expect = (def: PageDef) => void load(def).catch(() => {})

// Which page is shown.

import { route } from '../lib/router.svelte'
import { pages } from '../pages'
import type { PageDef } from './page'

const find = (first: string | undefined): PageDef | null => pages.find((p) => p.path === '/' + (first ?? '')) ?? null

class Current {
  page = $derived(find(route.path[0]))
}

export const current = new Current()

// segments are those below the page's path.
export const segments = (): string[] => route.path.slice(1)

// Which page is shown.

import { t } from '../lib/i18n'
import { link, route } from '../lib/router.svelte'
import { pages } from '../pages'
import type { Crumb, PageDef } from './page'

const find = (first: string | undefined): PageDef | null => pages.find((p) => p.path === '/' + (first ?? '')) ?? null

class Current {
  page = $derived(find(route.path[0]))
}

export const current = new Current()

// segments are those below the page's path.
export const segments = (): string[] => route.path.slice(1)

// trail is the page and what is below it down to what is shown.
export function trail(): Crumb[] {
  const page = current.page
  if (!page) return []
  const below = segments()
  const own =
    page.crumbs?.(below) ?? below.map((text, i) => ({ text, to: link(page.path.slice(1), ...below.slice(0, i + 1)) }))
  return [{ text: t(page.title), to: page.path }, ...own]
}

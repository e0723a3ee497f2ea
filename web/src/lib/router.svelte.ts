// Addresses are real paths: /hubs/default/orders/events?q=… is the page hubs,
// with what it shows in the segments behind, and how in the query.

export interface Query {
  [name: string]: string | number | boolean | null | undefined
}

// dots are names that a browser would take for steps in a path; a ~ in front
// hides them, and hides itself.
const dots = /^~*\.{1,2}$/

function encode(segment: string): string {
  return dots.test(segment) ? '~' + segment : encodeURIComponent(segment)
}

function decode(segment: string): string {
  try {
    const text = decodeURIComponent(segment)
    return dots.test(text) && text.startsWith('~') ? text.slice(1) : text
  } catch {
    return segment // mangled: shown as it is, at an address that there is not
  }
}

const segmentsOf = (pathname: string) => pathname.split('/').filter(Boolean).map(decode)

// link is the address of a page: its segments, then, if the last argument is an
// object, its query without what is null or undefined.
export function link(...parts: (string | number | Query)[]): string {
  const last = parts.at(-1)
  const query = typeof last === 'object' ? last : undefined
  const segments = (query ? parts.slice(0, -1) : parts) as (string | number)[]
  const asked = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== null && value !== undefined) asked.set(name, String(value))
  const text = asked.toString()
  return '/' + segments.map((s) => encode(String(s))).join('/') + (text ? '?' + text : '')
}

class Address {
  pathname = $state(location.pathname)
  search = $state(location.search)
  path = $derived(segmentsOf(this.pathname))
  query = $derived(new URLSearchParams(this.search))
}

export const route = new Address()

function read() {
  route.pathname = location.pathname
  route.search = location.search
}

// Entries that this tab made are counted, so that back knows whether the one
// before is ours.
const depth = (): number => (history.state as { depth?: number } | null)?.depth ?? 0

export function goTo(href: string, { replace = false } = {}) {
  const target = new URL(href, location.href)
  const to = target.pathname + target.search + target.hash
  if (to === location.pathname + location.search + location.hash) return
  if (replace) history.replaceState({ depth: depth() }, '', to)
  else history.pushState({ depth: depth() + 1 }, '', to)
  read()
}

export const go = (...parts: (string | number | Query)[]) => goTo(link(...parts))

// back goes to the entry before if it is the portal's, else to the fallback.
export function back(fallback: string) {
  if (depth() > 0) history.back()
  else goTo(fallback, { replace: true })
}

type Change = Record<string, string | number | null | undefined>

function change(values: Change, { replace = true } = {}) {
  const next = new URLSearchParams(location.search)
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined || value === '') next.delete(name)
    else next.set(name, String(value))
  }
  const text = next.toString()
  goTo(location.pathname + (text ? '?' + text : ''), { replace })
}

// query is what stands behind the ? of the address: the state of the page.
export const query = {
  get: (name: string): string | null => route.query.get(name),
  set(name: string | Change, value?: string | number | null | { replace?: boolean }, options?: { replace?: boolean }) {
    if (typeof name === 'string') change({ [name]: value as string | number | null }, options)
    else change(name, value as { replace?: boolean } | undefined)
  },
  clear: (...names: string[]) => change(Object.fromEntries(names.map((n) => [n, null]))),
}

// Addresses of the portal before this one stood behind a #.
function redirect() {
  if (!location.hash.startsWith('#/')) return
  const [path, asked] = location.hash.slice(1).split('?')
  history.replaceState({ depth: 0 }, '', link(...segmentsOf(path)) + (asked ? '?' + asked : ''))
  read()
}

// Links of ours are followed without loading the portal again.
function follow(e: MouseEvent) {
  if (e.defaultPrevented || e.button !== 0 || e.ctrlKey || e.metaKey || e.shiftKey || e.altKey) return
  const a = (e.composedPath() as Element[]).find((n) => n instanceof HTMLAnchorElement) as HTMLAnchorElement | undefined
  if (!a?.href || a.target || a.hasAttribute('download') || a.origin !== location.origin) return
  if (/^\/(api|assets|v[\d.]+)(\/|$)/.test(a.pathname)) return
  if (a.hash && !a.hash.startsWith('#/') && a.pathname === location.pathname) return
  e.preventDefault()
  goTo(a.href)
  redirect()
}

redirect()
addEventListener('popstate', read)
addEventListener('hashchange', redirect)
document.addEventListener('click', follow)

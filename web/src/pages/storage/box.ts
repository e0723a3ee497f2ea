// A container of blobs as the page speaks of it, and its addresses.
import { path } from '../../lib/api'
import { link } from '../../lib/router.svelte'
import type { BlobRow } from '../../lib/wire'

// Box is a container by its names.
export interface Box {
  account: string
  name: string
}

type Asked = Record<string, string | number | undefined>

// api is an address below the container.
export const api = (box: Box, steps: string[] = [], asked: Asked = {}) =>
  path('storage', box.account, 'containers', box.name, ...steps) + query(asked)

// blobApi is one of a blob in it. Its name goes into the query: a browser would obey
// the dots and slashes of a path.
export const blobApi = (box: Box, name: string, step = '', asked: Asked = {}) =>
  api(box, step ? ['blob', step] : ['blob'], { name, ...asked })

function query(asked: Asked): string {
  const all = Object.entries(asked).filter(([, v]) => v !== undefined && v !== '')
  return all.length ? '?' + new URLSearchParams(all.map(([k, v]) => [k, String(v)])) : ''
}

export type Face = 'list' | 'settings'

// to is the page of a container, at a folder.
export const to = (box: Box, asked: Record<string, string | null> = {}, face: Face = 'list') =>
  link('storage', box.account, 'blobs', box.name, ...(face === 'list' ? [] : [face]), asked)

// Row is a line of a listing.
export interface Row extends BlobRow {
  id: string
}

export const rowOf = (b: BlobRow): Row => ({ ...b, id: b.name })

// last is the last step of a name; a folder's keeps its slash.
export function last(name: string): string {
  const cut = name.lastIndexOf('/', name.length - 2)
  return name.slice(cut + 1)
}

// folderOf is where a blob is: its name without the last step.
export const folderOf = (name: string) => name.slice(0, name.length - last(name).length)

// steps are the folders that a path goes through, each with its own path.
export function steps(path: string): { name: string; path: string }[] {
  const out: { name: string; path: string }[] = []
  let at = 0
  for (let cut = path.indexOf('/'); cut >= 0; cut = path.indexOf('/', at)) {
    out.push({ name: path.slice(at, cut), path: path.slice(0, cut + 1) })
    at = cut + 1
  }
  return out
}

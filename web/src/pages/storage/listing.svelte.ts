// What a container holds at a path, a page after the other.
import { onDestroy } from 'svelte'
import { call } from '../../lib/api'
import type { BlobContainer, BlobPage } from '../../lib/wire'
import { api, rowOf, type Row } from './box'

export interface Place {
  at: string // the path, with its last slash
  begins: string // of the names in it
  flat: boolean
  deleted: boolean
}

export class Listing {
  rows = $state.raw<Row[]>([])
  next = $state('') // where the page behind begins; '': there is none
  busy = $state(true)
  problem = $state.raw<unknown>(null)
  #seen = $state.raw({ blobs: -1, bytes: -1 }) // of the container, when the listing was asked for
  #box: () => BlobContainer
  #place: () => Place
  #shown = ''
  #asked: AbortController | null = null
  #soon: ReturnType<typeof setTimeout> | undefined

  constructor(box: () => BlobContainer, place: () => Place) {
    this.#box = box
    this.#place = place
    onDestroy(() => {
      this.#asked?.abort()
      clearTimeout(this.#soon)
    })
  }

  // stale: the container has changed since.
  get stale(): boolean {
    const { blobs, bytes } = this.#seen
    return blobs >= 0 && !this.busy && (this.#box().blobs !== blobs || this.#box().bytes !== bytes)
  }

  // load asks for the first page, or for the one behind what is there.
  load = async (after = '') => {
    this.#asked?.abort()
    const mine = (this.#asked = new AbortController())
    const box = this.#box()
    const { at, begins, flat, deleted } = this.#place()
    this.busy = true
    if (!after) this.#seen = { blobs: box.blobs, bytes: box.bytes }
    const what = { prefix: at + begins, flat: flat ? 1 : undefined, deleted: deleted ? 1 : undefined, after }
    try {
      const got = await call<BlobPage>('GET', api(box, ['blobs'], what), undefined, { signal: mine.signal })
      const more = got.rows.map(rowOf)
      this.rows = after ? [...this.rows, ...more] : more
      this.next = got.next
      this.problem = null
    } catch (e) {
      if (!mine.signal.aborted) this.problem = e
    } finally {
      if (this.#asked === mine) this.busy = false
    }
  }

  // turn loads the place as it is now, and reports whether it is another one.
  turn(): boolean {
    const place = JSON.stringify(this.#place())
    const other = place !== this.#shown
    if (other) [this.rows, this.next, this.#shown] = [[], '', place]
    void this.load()
    return other
  }

  // wait loads in a while, once for all that ask meanwhile.
  wait(ms: number) {
    clearTimeout(this.#soon)
    this.#soon = setTimeout(() => void this.load(), ms)
  }
}

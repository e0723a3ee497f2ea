// A dashboard's file while it is edited: the text is the truth, the form and
// the grid change it in its place.
import { answer, call, path, Problem } from '../../lib/api'
import type { BoardFile, BoardPreview, BoardSample, BoardSources } from '../../lib/types'
import { get, put, read, type Step } from './file'
import { merge } from './merge'
import { places, type Place } from './place'
import { kinds, type TileType } from './tiles'

const steps = 100

export class Draft {
  readonly name: string
  base = $state('') // the file as it was read, or saved
  text = $state('')
  etag = $state('')
  gone = $state(false)
  ids = $state.raw<number[]>([]) // of the tiles, while the page lives
  generation = $state(0) // a text that came whole makes the grid anew
  preview = $state.raw<BoardPreview | null>(null)
  trouble = $state<unknown>(null)
  sources = $state.raw<BoardSources>({ containers: [], datasets: [] })
  samples = $state.raw<Record<string, BoardSample>>({})
  #next = 1
  #past = $state.raw<string[]>([])
  #future = $state.raw<string[]>([])

  constructor(name: string) {
    this.name = name
  }

  dirty = $derived(this.text !== this.base)
  valid = $derived(read(this.text) !== null)
  tiles = $derived(this.#list())
  places = $derived<Place[]>(places(this.tiles.map((t, i) => this.#sized(t, i))))
  datasets = $derived((get(this.text, ['datasets']) ?? {}) as Record<string, Record<string, unknown>>)
  canUndo = $derived(this.#past.length > 0)
  canRedo = $derived(this.#future.length > 0)

  #list(): Record<string, unknown>[] {
    const tiles = get(this.text, ['tiles'])
    return Array.isArray(tiles) ? tiles.map((t) => (t && typeof t === 'object' ? t : {})) : []
  }

  #sized(t: Record<string, unknown>, i: number) {
    const start = kinds[t.type as TileType]?.start
    const known = this.preview?.definition.tiles[i]
    const n = (v: unknown, or: number) => (typeof v === 'number' && v >= 1 ? Math.floor(v) : or)
    const same = known?.type === t.type
    return {
      x: typeof t.x === 'number' ? t.x : null,
      y: typeof t.y === 'number' ? t.y : null,
      w: Math.min(12, n(t.w, same ? known!.w : n(start?.w, 4))),
      h: Math.min(24, n(t.h, same ? known!.h : n(start?.h, 3))),
    }
  }

  async load() {
    const file = (await answer<BoardFile>('GET', path('dashboards', this.name, 'file'))).body
    this.base = file.text
    this.etag = file.etag
    this.#whole(file.text)
    this.#past = []
    this.#future = []
    this.sources = await call<BoardSources>('GET', path('dashboard-sources'))
    this.look()
  }

  #whole(text: string) {
    this.text = text
    this.ids = this.tiles.map(() => this.#next++)
    this.generation++
  }

  // change gives the text another value; same: a further step of one change.
  change(text: string, { same = false } = {}) {
    if (text === this.text) return
    if (!same) this.#past = [...this.#past.slice(1 - steps), this.text]
    this.#future = []
    this.text = text
  }

  // typed is a text that somebody wrote as a whole.
  typed(text: string) {
    if (text === this.text) return
    this.change(text)
    if (this.tiles.length !== this.ids.length || this.valid) {
      this.ids = this.tiles.map((_, i) => this.ids[i] ?? this.#next++)
      this.generation++
    }
  }

  undo() {
    const before = this.#past.at(-1)
    if (before === undefined) return
    this.#future = [...this.#future, this.text]
    this.#past = this.#past.slice(0, -1)
    this.#whole(before)
  }
  redo() {
    const next = this.#future.at(-1)
    if (next === undefined) return
    this.#past = [...this.#past, this.text]
    this.#future = this.#future.slice(0, -1)
    this.#whole(next)
  }

  set(at: readonly Step[], value: unknown) {
    this.change(put(this.text, at, value))
  }

  add(type: TileType): number {
    const start = { ...kinds[type].start } as Record<string, unknown>
    const dataset = Object.keys(this.datasets)[0] ?? ''
    const { w, h, ...rest } = start
    const lowest = Math.max(0, ...this.places.map((p) => p.y + p.h))
    const placed = this.tiles.some((t) => typeof t.x === 'number')
    const tile = {
      type,
      title: '',
      dataset,
      ...rest,
      ...(placed ? { x: 0, y: lowest } : {}),
      w,
      h,
      ...this.#guess(type, dataset),
    }
    const text = put(this.text, ['tiles', this.tiles.length], tile)
    this.ids = [...this.ids, this.#next++]
    this.change(text)
    return this.tiles.length - 1
  }

  // guess fills in what the sampled fields suggest, so that a new tile shows
  // something.
  #guess(type: TileType, dataset: string): Record<string, unknown> {
    const fields = this.samples[dataset]?.fields ?? []
    const numbers = fields.filter((f) => f.kind === 'number' && !/^_|^id$/.test(f.path))
    const texts = fields.filter((f) => f.kind === 'text' && f.path !== 'id' && f.values > 1)
    const first = numbers.find((f) => f.most > f.least && !/(^|\.)(lat|lon)/i.test(f.path)) ?? numbers[0]
    const key = texts.find((f) => /id$|key|name/i.test(f.path)) ?? texts[0]
    const named = (re: RegExp) => numbers.find((f) => re.test(f.path))?.path
    const last = (p?: string) => p?.split('.').at(-1) ?? ''
    if (type === 'gauge')
      return {
        value: first?.path ?? '',
        title: last(first?.path),
        ...(first ? { min: Math.floor(first.least), max: Math.ceil(first.most) || 1 } : {}),
      }
    if (type === 'bar') return { by: key?.path ?? '', title: last(key?.path) }
    if (type === 'line') return key ? { by: key.path, limit: 8, title: last(key.path) } : {}
    if (type === 'map')
      return {
        key: key?.path ?? '',
        lat: named(/lat/i) ?? '',
        lon: named(/lon|lng/i) ?? '',
        value: first?.path ?? '',
        title: last(key?.path),
      }
    if (type === 'table') return { columns: fields.slice(0, 5).map((f) => ({ field: f.path, title: last(f.path) })) }
    if (type === 'alarms')
      return { key: key?.path ?? '', message: texts.find((f) => /message|text/i.test(f.path))?.path ?? key?.path ?? '' }
    return {}
  }

  duplicate(i: number) {
    const { x: _x, y: _y, ...tile } = this.tiles[i]
    const placed = this.tiles.some((t) => typeof t.x === 'number')
    const y = Math.max(0, ...this.places.map((p) => p.y + p.h))
    this.ids = [...this.ids, this.#next++]
    this.change(put(this.text, ['tiles', this.tiles.length], placed ? { ...tile, x: 0, y } : tile))
  }

  remove(i: number) {
    this.ids = this.ids.filter((_, k) => k !== i)
    this.change(put(this.text, ['tiles', i], undefined))
  }

  // place writes where the tiles stand now; a file that leaves it to their order
  // goes on to do so while that says the same.
  place(now: readonly Place[]) {
    const plain = places(now.map(({ w, h }) => ({ w, h })))
    const ordered =
      !this.tiles.some((t) => t.x !== undefined) && now.every((p, i) => p.x === plain[i].x && p.y === plain[i].y)
    let text = this.text
    now.forEach((p, i) => {
      const was = this.places[i]
      for (const k of ['w', 'h'] as const) if (p[k] !== was[k]) text = put(text, ['tiles', i, k], p[k])
      if (ordered) return
      text = put(put(text, ['tiles', i, 'x'], p.x), ['tiles', i, 'y'], p.y)
    })
    this.change(text)
  }

  #asked = 0
  // look asks the server what the text shows.
  async look() {
    if (!this.text || !this.valid) {
      this.preview = null
      return
    }
    const mine = ++this.#asked
    try {
      const got = await call<BoardPreview>('POST', path('dashboard-preview'), this.text)
      if (mine === this.#asked) [this.preview, this.trouble] = [got, null]
    } catch (e) {
      if (mine === this.#asked) this.trouble = e
    }
  }

  // sample looks at the data that a dataset has.
  async sample(dataset: string) {
    const spec = this.datasets[dataset]
    if (!spec) return
    const q = spec.push
      ? `dataset=${encodeURIComponent(dataset)}`
      : `container=${encodeURIComponent(String(spec.container))}`
    try {
      const got = await call<BoardSample>('GET', `${path('dashboard-fields')}?${q}`)
      this.samples = { ...this.samples, [dataset]: got }
    } catch {
      this.samples = { ...this.samples, [dataset]: { rows: 0, fields: [] } } // its tile says why
    }
  }

  // save writes the file. What it answers: 'saved', or how a change outside of
  // this page was met.
  async save(): Promise<'saved' | 'merged' | 'conflict'> {
    try {
      const { body } = this.gone
        ? await answer<BoardFile>('POST', path('dashboards'), { name: this.name, etag: '', text: this.text })
        : await answer<BoardFile>('PUT', path('dashboards', this.name), this.text, {
            headers: { 'If-Match': `"${this.etag}"` },
          })
      this.etag = body.etag
      this.base = this.text
      this.gone = false
      return 'saved'
    } catch (e) {
      if (!(e instanceof Problem) || e.status !== 412) throw e
      return this.meet()
    }
  }

  theirs = $state('') // the file as it is now, when it conflicts

  // meet reads the file that was changed outside and joins both.
  async meet(): Promise<'saved' | 'merged' | 'conflict'> {
    let file: BoardFile
    try {
      file = (await answer<BoardFile>('GET', path('dashboards', this.name, 'file'))).body
    } catch (e) {
      if (!(e instanceof Problem) || (e.status !== 404 && e.status !== 409)) throw e
      this.gone = true
      return 'conflict'
    }
    if (file.etag === this.etag) return 'saved'
    const joined = merge(this.base, this.text, file.text)
    if (joined === null) {
      this.theirs = file.text
      this.etag = file.etag
      return 'conflict'
    }
    this.base = file.text
    this.etag = file.etag
    this.#past = [...this.#past, this.text]
    this.#whole(joined)
    return joined === file.text ? 'saved' : 'merged'
  }

  // settle ends a conflict.
  settle(mine: boolean) {
    this.base = this.theirs
    if (!mine) this.#whole(this.theirs)
    this.theirs = ''
  }
}

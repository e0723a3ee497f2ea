// Uploads of this window: four at a time, each straight from the file. A long file goes
// in blocks; what of it is there already, of an upload that broke off, is not sent
// again. They go on while other pages of the portal are looked at.

import { call, Problem, raw } from '../../lib/api'
import type { ExistingBlobs, UncommittedBlocks } from '../../lib/wire'
import { api, blobApi, type Box } from './box'

const atOnce = 4
const blockSize = 8 << 20
const shown = 500 // of those that are done

// Chosen is a file and the name that its blob gets.
export interface Chosen {
  file: File
  name: string
}

export type UploadState = 'waiting' | 'busy' | 'ok' | 'bad' | 'off'

export class Upload {
  state = $state<UploadState>('waiting')
  sent = $state(0)
  error = $state.raw<unknown>(null)
  readonly id: number
  #stop: AbortController | null = null

  constructor(
    readonly box: Box,
    readonly name: string,
    readonly file: File,
    public overwrite: boolean,
  ) {
    this.id = next++
  }

  get size() {
    return this.file.size
  }
  // taken says that there is a blob of the name, and that nobody allowed to replace it.
  get taken() {
    return this.state === 'bad' && this.error instanceof Problem && this.error.status === 409 && !this.overwrite
  }

  cancel() {
    this.#stop?.abort()
    if (this.state === 'waiting' || this.state === 'bad') this.state = 'off'
  }

  async run() {
    const stop = (this.#stop = new AbortController())
    this.state = 'busy'
    this.error = null
    this.sent = 0
    try {
      await (this.size > blockSize ? this.#blocks(stop.signal) : this.#whole(stop.signal))
      this.sent = this.size
      this.state = 'ok'
    } catch (e) {
      this.error = e
      this.state = stop.signal.aborted ? 'off' : 'bad'
    }
  }

  async #whole(signal: AbortSignal) {
    const to = blobApi(this.box, this.name, '', { type: this.#type(), overwrite: this.overwrite ? 1 : undefined })
    await raw('PUT', to, this.file, { signal, headers: octets })
  }

  // The ids say of which file a block is: of another one none is used.
  async #blocks(signal: AbortSignal) {
    if (!this.overwrite && (await existing(this.box, [this.name])).length)
      throw new Problem('exists', 409, undefined, 'conflict')
    const { blocks } = await call<UncommittedBlocks>('GET', blobApi(this.box, this.name, 'blocks'), undefined, {
      signal,
    })
    const have = new Map(blocks.map((b) => [b.id, b.size]))
    const ids: string[] = []
    for (let at = 0; at < this.size; at += blockSize) {
      const piece = this.file.slice(at, at + blockSize)
      const id = `${pad(this.size, 14)}-${pad(this.file.lastModified, 14)}-${pad(ids.length, 6)}`
      ids.push(id)
      if (have.get(id) !== piece.size)
        await raw('PUT', blobApi(this.box, this.name, 'block', { id }), piece, { signal, headers: octets })
      this.sent += piece.size
    }
    const commit = { blocks: ids, type: this.#type(), overwrite: this.overwrite }
    await call('POST', blobApi(this.box, this.name, 'commit'), commit, { signal })
  }

  // What the system calls a file may hold what no header can.
  #type = () => (/^[\x20-\x7e]{0,200}$/.test(this.file.type) ? this.file.type : '')
}

let next = 1
const octets = { 'Content-Type': 'application/octet-stream' }
const pad = (n: number, digits: number) => String(n).padStart(digits, '0')

class Uploads {
  list = $state.raw<Upload[]>([])
  settled = $state(0) // counts those that ended: a listing looks again
  readonly open = $derived(this.list.filter((u) => u.state === 'waiting' || u.state === 'busy'))

  add(box: Box, files: Chosen[], overwrite: boolean) {
    this.list = [...this.list, ...files.map((f) => new Upload(box, f.name, f.file, overwrite))]
    this.#pump()
  }
  again(u: Upload, overwrite = u.overwrite) {
    u.overwrite = overwrite
    u.state = 'waiting'
    this.#pump()
  }
  cancelAll() {
    for (const u of this.open) u.cancel()
  }
  // clear forgets what has ended.
  clear() {
    this.list = this.open
  }

  #pump() {
    let free = atOnce - this.list.filter((u) => u.state === 'busy').length
    for (const u of this.list) {
      if (free <= 0) return
      if (u.state !== 'waiting') continue
      free--
      void u.run().then(() => {
        this.settled++
        this.#forget()
        this.#pump()
      })
    }
  }
  // Of very many the oldest that went well are not remembered.
  #forget() {
    const well = this.list.filter((u) => u.state === 'ok')
    if (well.length <= shown) return
    const drop = new Set(well.slice(0, well.length - shown))
    this.list = this.list.filter((u) => !drop.has(u))
  }
}

export const uploads = new Uploads()

// A window that is closed takes its uploads along.
addEventListener('beforeunload', (e) => {
  if (uploads.open.length) e.preventDefault()
})

// existing are those of the names that there are blobs of.
export async function existing(box: Box, names: string[]): Promise<string[]> {
  const out: string[] = []
  for (let i = 0; i < names.length; i += 500)
    out.push(...(await call<ExistingBlobs>('POST', api(box, ['existing']), { names: names.slice(i, i + 500) })).names)
  return out
}

// picked are the files of a picker; those of a folder with its name in front.
export const picked = (list: FileList, below: string): Chosen[] =>
  [...list].map((file) => ({ file, name: below + (file.webkitRelativePath || file.name) }))

// dropped are the files that were let fall, with all that is in folders.
export async function dropped(data: DataTransfer, below: string): Promise<Chosen[]> {
  const entries = [...data.items].map((i) => i.webkitGetAsEntry?.()).filter((e): e is FileSystemEntry => !!e)
  if (!entries.length) return picked(data.files, below)
  const out: Chosen[] = []
  for (const e of entries) await collect(e, below, out)
  return out
}

async function collect(entry: FileSystemEntry, below: string, out: Chosen[]) {
  if (entry.isFile) {
    const file = await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail))
    out.push({ file, name: below + entry.name })
    return
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail))
    if (!some.length) return
    for (const e of some) await collect(e, below + entry.name + '/', out)
  }
}

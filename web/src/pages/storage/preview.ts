// What the first bytes of a blob are, for somebody who looks at them. Nothing of them
// is ever obeyed: text stays text, also where it is HTML.

export type Look = 'image' | 'json' | 'csv' | 'text' | 'hex' | 'empty'

const images = /\.(png|jpe?g|gif|webp|avif|bmp|ico|svg)$/i

// isImage says that the server will show it as a picture, which it judges by the bytes.
export function isImage(bytes: Uint8Array, name: string): boolean {
  const begin = String.fromCharCode(...bytes.subarray(0, 16))
  return (
    begin.startsWith('\x89PNG') ||
    begin.startsWith('\xff\xd8\xff') ||
    begin.startsWith('GIF8') ||
    begin.startsWith('BM') ||
    begin.startsWith('\0\0\x01\0') ||
    (begin.startsWith('RIFF') && begin.slice(8, 12) === 'WEBP') ||
    begin.slice(4, 12) === 'ftypavif' ||
    (images.test(name) && /^\ufeff?\s*<(\?xml|svg|!--|!doctype svg)/i.test(text(bytes.subarray(0, 200), true) ?? ''))
  )
}

// text is the bytes as UTF-8, or UTF-16 with a mark in front; null when they are none.
// cut says that they end where more would follow.
export function text(bytes: Uint8Array, cut: boolean): string | null {
  const wide =
    bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : ''
  try {
    const out = new TextDecoder(wide || 'utf-8', { fatal: true }).decode(bytes, { stream: cut })
    return /[\0-\x06\x0e-\x1a]/.test(out.slice(0, 4096)) ? null : out
  } catch {
    return null
  }
}

// unpacked is what gzip packed, as far as there is room for it.
export async function unpacked(
  bytes: Uint8Array<ArrayBuffer>,
  most: number,
): Promise<{ bytes: Uint8Array; cut: boolean }> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip')).getReader()
  const out = new Uint8Array(most)
  let n = 0
  let cut = false
  try {
    while (!cut) {
      const { done, value } = await reader.read()
      if (done) break
      const part = value.subarray(0, most - n)
      out.set(part, n)
      n += part.length
      cut = part.length < value.length || n === most
    }
  } catch {
    cut = true // its end is not among the bytes that came
  }
  void reader.cancel().catch(() => {})
  return { bytes: out.subarray(0, n), cut }
}

export const isGzip = (bytes: Uint8Array) => bytes[0] === 0x1f && bytes[1] === 0x8b

// lookOf guesses by what the blob says of itself, its name, and its text.
export function lookOf(t: string, type: string, name: string): Look {
  if (t === '') return 'empty'
  if (/csv|tab-separated/i.test(type) || /\.(csv|tsv)$/i.test(name)) return 'csv'
  if (/[/+]json\b/i.test(type) || /\.json$/i.test(name) || (/^\s*[[{]/.test(t) && /[\]}]\s*$/.test(t))) return 'json'
  return 'text'
}

const mostRows = 200
const mostColumns = 40

// table splits CSV (RFC 4180), by commas, semicolons or tabs: whichever the first line
// has most of.
export function table(t: string): { rows: string[][]; more: boolean } {
  const first = t.slice(0, (t.indexOf('\n') + 1 || t.length + 1) - 1)
  const by = [',', ';', '\t'].reduce((a, b) => (first.split(b).length > first.split(a).length ? b : a))
  const rows: string[][] = []
  let row: string[] = []
  let cell = ''
  let quoted = false
  for (let i = 0; i < t.length; i++) {
    const c = t[i]
    if (quoted) {
      if (c !== '"') cell += c
      else if (t[i + 1] === '"') cell += t[++i]
      else quoted = false
    } else if (c === '"' && cell === '') quoted = true
    else if (c === by) {
      row.push(cell)
      cell = ''
    } else if (c === '\n') {
      row.push(cell.replace(/\r$/, ''))
      rows.push(row.slice(0, mostColumns))
      if (rows.length > mostRows) return { rows, more: true }
      row = []
      cell = ''
    } else cell += c
  }
  if (cell || row.length) rows.push([...row, cell].slice(0, mostColumns))
  return { rows, more: false }
}

const perLine = 8
const hexRows = 512

// hex is the bytes as a debugger shows them, eight a line.
export function hex(bytes: Uint8Array): string {
  const out: string[] = []
  for (let at = 0; at < bytes.length && out.length < hexRows; at += perLine) {
    const line = bytes.subarray(at, at + perLine)
    const pairs = [...line].map((b) => b.toString(16).padStart(2, '0'))
    const signs = [...line].map((b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '·')).join('')
    out.push(at.toString(16).padStart(6, '0') + '  ' + pairs.join(' ').padEnd(3 * perLine) + ' ' + signs)
  }
  return out.join('\n')
}

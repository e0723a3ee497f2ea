// Characters that nobody sees but that change what is seen: direction marks,
// spaces of no width, control characters. They are shown by name, so that data
// cannot look like something that it is not.

const names: Record<number, string> = {
  0x00: 'NUL',
  0x07: 'BEL',
  0x08: 'BS',
  0x1b: 'ESC',
  0x7f: 'DEL',
  0xad: 'SHY',
  0x61c: 'ALM',
  0x180e: 'MVS',
  0x200b: 'ZWSP',
  0x200c: 'ZWNJ',
  0x200d: 'ZWJ',
  0x200e: 'LRM',
  0x200f: 'RLM',
  0x2028: 'LS',
  0x2029: 'PS',
  0x202a: 'LRE',
  0x202b: 'RLE',
  0x202c: 'PDF',
  0x202d: 'LRO',
  0x202e: 'RLO',
  0x2060: 'WJ',
  0x2066: 'LRI',
  0x2067: 'RLI',
  0x2068: 'FSI',
  0x2069: 'PDI',
  0xfeff: 'BOM',
}

// A joiner between pictures makes one picture of them and is left alone, as are
// line ends and tabs.
const odd =
  /(?<!\p{Extended_Pictographic}\ufe0f?)\u200d|\u200d(?!\p{Extended_Pictographic})|[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

export interface Part {
  text: string
  mark?: boolean
}

const name = (c: string) => {
  const code = c.codePointAt(0)!
  const hex = 'U+' + code.toString(16).toUpperCase().padStart(4, '0')
  return names[code] ? names[code] + ' ' + hex : hex
}

// parts splits a text into what is shown as it is and the names of what is not.
export function parts(text: string): Part[] {
  const out: Part[] = []
  let from = 0
  for (const m of text.matchAll(odd)) {
    if (m.index > from) out.push({ text: text.slice(from, m.index) })
    out.push({ text: name(m[0]), mark: true })
    from = m.index + m[0].length
  }
  if (from < text.length) out.push({ text: text.slice(from) })
  return out
}

// plain is the same where there is only text: in drawings, titles and labels.
export const plain = (text: string) => text.replace(odd, (c) => '⟨' + name(c) + '⟩')

// escaped writes them into JSON text as \u…, which means the same.
export const escaped = (json: string) =>
  json.replace(odd, (c) =>
    [...Array(c.length).keys()].map((i) => '\\u' + c.charCodeAt(i).toString(16).padStart(4, '0')).join(''),
  )

// middle cuts a long text in its middle, between whole characters.
export function middle(text: string, most: number): string {
  const all = [...text]
  if (all.length <= most) return text
  const end = Math.floor((most - 1) / 3)
  return all.slice(0, most - 1 - end).join('') + '…' + all.slice(all.length - end).join('')
}

// lit splits a text where one of the sought texts is in it, whatever the case.
export function lit(text: string, sought: readonly string[]): { text: string; lit: boolean }[] {
  const words = sought.filter(Boolean).map((w) => w.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  if (words.length === 0) return [{ text, lit: false }]
  return text
    .split(new RegExp('(' + words.join('|') + ')', 'gi'))
    .map((piece, i) => ({ text: piece, lit: i % 2 === 1 }))
    .filter((p) => p.text !== '')
}

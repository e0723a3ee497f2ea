// What a filter bar does while it is typed in.
import { parse } from './filter'

// Wanted is what would go on at the end of a text.
export type Wanted =
  | { kind: 'field'; prefix: string; before: string }
  | { kind: 'value'; field: string; prefix: string; before: string }
  | { kind: 'none' }

const valued =
  /(^|\s)(-?)((?:[^\s:=<>!"]|"[^"]*")+)(:|\s*(?:!=|>=|<=|=|>|<)\s*)((?:[^\s",]+,|"[^"]*",)*)("?)([^\s",]*)$/u
const named = /(^|\s)(-?)([^\s:=<>!"]*)$/u

export function completion(text: string, caret: number): Wanted {
  const head = text.slice(0, caret)
  const v = valued.exec(head)
  if (v)
    return {
      kind: 'value',
      field: v[3],
      prefix: v[7],
      before: head.slice(0, head.length - v[7].length - v[6].length),
    }
  const f = named.exec(head)
  if (f) return { kind: 'field', prefix: f[3], before: head.slice(0, head.length - f[3].length) }
  return { kind: 'none' }
}

// finished says whether a text that ends with a blank is whole terms: not a
// field whose operator is still to come.
export function finished(text: string, fields: readonly { name: string; open?: boolean }[]): boolean {
  const { terms, wrong } = parse(text)
  if (wrong.length || terms.length === 0) return false
  const last = terms[terms.length - 1]
  if (last.field !== null) return true
  const low = last.value.toLowerCase()
  return !fields.some((f) => (f.open ? low.startsWith(f.name.toLowerCase()) : low === f.name.toLowerCase()))
}

// chars is the place in a text that a number of bytes of it reaches.
export function chars(text: string, bytes: number): number {
  return new TextDecoder().decode(new TextEncoder().encode(text).slice(0, bytes)).length
}

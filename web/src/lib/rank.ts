// Which of many names was meant: the exact one, then those that begin so, then
// those used before, then those that hold it, then those that come near.

import uFuzzy from '@leeoniya/ufuzzy'
import { findHangul, hasHangul } from './hangul'

export interface Ranked<T> {
  it: T
  marks: [number, number][] // where in the text it matches
  near?: boolean // it only comes near
  other?: boolean // its other text matches
}

interface Named {
  text: string
  detail?: string
  also?: string // another text by which it is found
  to?: string
}

// Its patterns take longer to make than a page has until it is shown.
let made: uFuzzy | undefined
const fuzzy = () => (made ??= new uFuzzy({ intraMode: 0, intraIns: Infinity, intraChars: '.' }))

interface Query {
  q: string
  hangul: boolean
  word: RegExp // q at the beginning of a word inside
  words: string[] // of q, where there are several
}

const asked = (q: string): Query => ({
  q,
  hangul: hasHangul(q),
  word: new RegExp('[\\s_./-]' + q.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')),
  words: q.includes(' ') ? q.split(/\s+/) : [],
})

// found says how well a text matches (smaller is better) and where; null: not.
function found({ q, hangul, word, words }: Query, text: string): { tier: number; at: number } | null {
  const name = text.toLowerCase()
  if (name === q) return { tier: 0, at: 0 }
  const last = name.lastIndexOf('/') + 1
  if (last && name.slice(last) === q) return { tier: 0, at: last }
  const at = hangul ? findHangul(q, name) : name.indexOf(q)
  if (at < 0) {
    const all = words.length > 0 && words.every((w) => (hangul ? findHangul(w, name) : name.indexOf(w)) >= 0)
    return all ? { tier: 5, at: -1 } : null
  }
  if (at === 0 || at === last) return { tier: 1, at }
  const start = name.search(word)
  if (start >= 0) return { tier: 3, at: start + 1 }
  return { tier: 4, at }
}

// rank leaves the names that match, best first. recent are addresses, the
// newest first.
export function rank<T extends Named>(typed: string, all: T[], recent: string[] = []): Ranked<T>[] {
  const q = typed.trim().toLowerCase()
  if (!q) return all.map((it) => ({ it, marks: [] }))
  const query = asked(q)
  const hits: { it: T; tier: number; order: number; marks: [number, number][]; other: boolean }[] = []
  const rest: T[] = []
  for (const it of all) {
    const hit = found(query, it.text)
    const other = hit ? null : it.also !== undefined ? found(query, it.also) : null
    if (!hit && !other) {
      rest.push(it)
      continue
    }
    const used = recent.indexOf(it.to ?? '')
    const tier = (hit ?? other)!.tier
    hits.push({
      it,
      tier: tier > 1 && used >= 0 ? 2 : tier,
      order: used >= 0 ? used - recent.length : it.text.length,
      marks: hit && hit.at >= 0 ? [[hit.at, hit.at + q.length]] : [],
      other: !hit,
    })
  }
  hits.sort((a, b) => a.tier - b.tier || a.order - b.order || (a.it.text < b.it.text ? -1 : 1))
  return [...hits.map(({ it, marks, other }) => (other ? { it, marks, other } : { it, marks })), ...near(q, rest)]
}

// near are names that hold the words, or the letters, with others in between.
function near<T extends Named>(q: string, all: T[]): Ranked<T>[] {
  if (q.length < 2 || !/^[\x20-\x7e]+$/.test(q)) return []
  const hay = all.map((it) => (it.detail ? it.text + ' ' + it.detail : it.text))
  const which = fuzzy().filter(hay, q)
  if (!which?.length) return []
  const info = fuzzy().info(which, hay, q)
  return fuzzy()
    .sort(info, hay, q)
    .map((i) => {
      const it = all[info.idx[i]]
      const marks: [number, number][] = []
      const flat = info.ranges[i]
      for (let k = 0; k < flat.length; k += 2) if (flat[k + 1] <= it.text.length) marks.push([flat[k], flat[k + 1]])
      return { it, marks, near: true }
    })
}

// byName orders names: hub-2 is before hub-10. The browser's own comparison takes as
// long to make as a page's change does, so names of plain letters go without it.
let texts: Intl.Collator | undefined
export const byName = (a: string, b: string): number =>
  plain(a) && plain(b) ? compare(a, b) : (texts ??= new Intl.Collator(undefined, { numeric: true })).compare(a, b)

const plain = (text: string) => /^[ -~]*$/.test(text)
const isDigit = (c: number) => c >= 48 && c <= 57

// Where each character stands, in Unicode's order: a and A in the same place.
const places = new Uint8Array(128)
;[...` _-,;:!?.'"()[]{}@*/\\&#%\`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz`].forEach((c, i) => {
  places[c.charCodeAt(0)] = places[c.toUpperCase().charCodeAt(0)] = i
})

function compare(a: string, b: string): number {
  let cases = 0 // small letters first where nothing else differs
  let [i, j] = [0, 0]
  while (i < a.length && j < b.length) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(j)]
    if (isDigit(x) && isDigit(y)) {
      const [m, n] = [digits(a, i), digits(b, j)]
      const order = m.of.length - n.of.length || (m.of < n.of ? -1 : m.of > n.of ? 1 : 0)
      if (order) return order
      ;[i, j] = [m.end, n.end]
      continue
    }
    if (places[x] !== places[y]) return places[x] - places[y]
    cases ||= y - x
    i++
    j++
  }
  return a.length - i - (b.length - j) || cases
}

// digits are those of a text from a place on, without zeros before them.
function digits(text: string, from: number): { of: string; end: number } {
  let end = from
  while (isDigit(text.charCodeAt(end))) end++
  while (from < end && text.charCodeAt(from) === 48) from++
  return { of: text.slice(from, end), end }
}

// sorted orders rows by a value of theirs: numbers as numbers, texts as names; what
// is not known comes last either way.
export function sorted<R>(
  rows: readonly R[],
  value: ((row: R) => string | number | null) | undefined,
  down: boolean,
): readonly R[] {
  if (!value) return rows
  const sign = down ? -1 : 1
  return rows
    .map((row) => [value(row), row] as const)
    .sort(([a], [b]) => {
      if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1
      const order = typeof a === 'number' && typeof b === 'number' ? a - b : byName(String(a), String(b))
      return sign * order
    })
    .map(([, row]) => row)
}

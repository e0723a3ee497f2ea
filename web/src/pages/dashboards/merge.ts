// Two changes of one text, joined line by line: what only one side changed is
// taken from it; where both changed the same lines, they conflict.

interface Change {
  from: number // lines of the base that it replaces
  to: number
  lines: string[]
}

// changes are what leads from a to b.
function changes(a: string[], b: string[]): Change[] {
  let head = 0
  while (head < a.length && head < b.length && a[head] === b[head]) head++
  let tail = 0
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++
  const x = a.slice(head, a.length - tail)
  const y = b.slice(head, b.length - tail)
  const length = Array.from({ length: x.length + 1 }, () => new Uint16Array(y.length + 1))
  for (let i = x.length - 1; i >= 0; i--)
    for (let j = y.length - 1; j >= 0; j--)
      length[i][j] = x[i] === y[j] ? length[i + 1][j + 1] + 1 : Math.max(length[i + 1][j], length[i][j + 1])
  const out: Change[] = []
  let [i, j] = [0, 0]
  while (i < x.length || j < y.length) {
    if (i < x.length && j < y.length && x[i] === y[j]) {
      i++
      j++
      continue
    }
    const [from, first] = [i, j]
    while ((i < x.length || j < y.length) && !(i < x.length && j < y.length && x[i] === y[j]))
      if (j >= y.length || (i < x.length && length[i + 1][j] >= length[i][j + 1])) i++
      else j++
    out.push({ from: head + from, to: head + i, lines: y.slice(first, j) })
  }
  return out
}

const touch = (a: Change, b: Change) =>
  a.from < b.to && b.from < a.to ? true : a.from === b.from && (a.from === a.to || b.from === b.to)

// merge joins mine and theirs, both made from base; null when they conflict.
export function merge(base: string, mine: string, theirs: string): string | null {
  if (mine === theirs || theirs === base) return mine
  if (mine === base) return theirs
  const lines = base.split('\n')
  const a = changes(lines, mine.split('\n'))
  const b = changes(lines, theirs.split('\n'))
  const all = [...a]
  for (const c of b) {
    const same = a.some((o) => o.from === c.from && o.to === c.to && o.lines.join('\n') === c.lines.join('\n'))
    if (same) continue
    if (a.some((o) => touch(o, c))) return null
    all.push(c)
  }
  all.sort((x, y) => x.from - y.from)
  const out: string[] = []
  let at = 0
  for (const c of all) {
    out.push(...lines.slice(at, c.from), ...c.lines)
    at = c.to
  }
  out.push(...lines.slice(at))
  const text = out.join('\n')
  try {
    JSON.parse(text)
    return text
  } catch {
    return null
  }
}

// What a mistyped name may have meant.

// distance counts the letters to add, take away, change or swap, up to a limit.
export function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, i) => i)]
  for (let i = 1; i <= a.length; i++) {
    const line = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)
      line[j] = Math.min(change, last[j] + 1, line[j - 1] + 1)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        line[j] = Math.min(line[j], before[j - 2] + 1)
    }
    ;[before, last] = [last, line]
  }
  return last[b.length]
}

// nearest are the n things of which a name is most like the one that was asked
// for; what has nothing to do with it is left out.
export function nearest<T>(asked: string, all: T[], names: (it: T) => string[], n: number): T[] {
  const want = asked.toLowerCase()
  const limit = Math.max(2, Math.ceil(want.length / 2))
  const far = (text: string) => {
    const name = text.toLowerCase()
    if (want && name.includes(want)) return 0.5
    if (name.length > 2 && want.includes(name)) return 1
    return distance(want, name, limit)
  }
  return all
    .map((it) => ({ it, far: Math.min(...names(it).map(far)) }))
    .filter((r) => r.far <= limit)
    .sort((a, b) => a.far - b.far)
    .slice(0, n)
    .map((r) => r.it)
}

// byName orders names: hub-2 is before hub-10. What compares is made when a list of
// more than one thing comes: its making takes as long as a page's change.
let texts: Intl.Collator | undefined
export const byName = (a: string, b: string): number =>
  (texts ??= new Intl.Collator(undefined, { numeric: true })).compare(a, b)

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

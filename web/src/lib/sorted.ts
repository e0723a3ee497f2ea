// sorted orders rows by a value of theirs: numbers as numbers, texts with their
// digits as numbers; what is not known comes last either way.
const texts = new Intl.Collator(undefined, { numeric: true })

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
      const order = typeof a === 'number' && typeof b === 'number' ? a - b : texts.compare(String(a), String(b))
      return sign * order
    })
    .map(([, row]) => row)
}

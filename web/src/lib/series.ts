// Series as a chart draws them.
import type { Values } from '../ui/types'

// stepOf is the usual distance between samples.
export function stepOf(t: readonly number[]): number {
  const steps = t
    .slice(1)
    .map((v, i) => v - t[i])
    .filter((s) => s > 0)
    .sort((a, b) => a - b)
  return steps[Math.floor(steps.length / 2)] ?? 0
}

// withGaps puts a moment without values where the times jump by more than two
// steps, so that no line bridges what was not measured.
export function withGaps(
  t: readonly number[],
  columns: readonly Values[],
  step: number,
): [number[], (number | null)[][]] {
  const at: number[] = []
  const out: (number | null)[][] = columns.map(() => [])
  t.forEach((v, i) => {
    if (step > 0 && i > 0 && v - t[i - 1] > 2.5 * step) {
      at.push(t[i - 1] + step)
      out.forEach((c) => c.push(null))
    }
    at.push(v)
    columns.forEach((c, n) => out[n].push(c[i] ?? null))
  })
  return [at, out]
}

// rhythm is how many steps a series usually has from value to value: one that is
// sampled every fifth step has no gap in between. Too few values have none.
function rhythm(v: Values): number {
  const known = v.flatMap((x, i) => (x === null ? [] : [i]))
  const steps = known.slice(1).map((at, i) => at - known[i])
  if (steps.length < 3) return 1
  return steps.sort((a, b) => a - b)[Math.floor(steps.length / 2)]
}

// bridged marks nulls that a line may pass over (at most two of the series' own
// steps from value to value) as undefined; longer runs stay null: gaps.
export function bridged(v: Values): (number | null | undefined)[] {
  const out: (number | null | undefined)[] = [...v]
  const most = 2 * rhythm(v)
  for (let i = 0; i < out.length; i++) {
    if (v[i] !== null) continue
    let end = i
    while (end < v.length && v[end] === null) end++
    if (i > 0 && end < v.length && end - i < most) out.fill(undefined, i, end)
    i = end
  }
  return out
}

// lone are the samples that no line reaches: alone between gaps.
export function lone(v: readonly (number | null | undefined)[]): number[] {
  const known = (i: number, by: number) => {
    i += by
    while (v[i] === undefined && i >= 0 && i < v.length) i += by
    return i >= 0 && i < v.length && v[i] !== null
  }
  return v.flatMap((x, i) => (x == null || known(i, -1) || known(i, 1) ? [] : [i]))
}

// stacked adds each series to those before it.
export function stacked(columns: readonly Values[]): (number | null)[][] {
  const sum: number[] = []
  return columns.map((c) =>
    c.map((v, i) => {
      if (v === null) return null
      sum[i] = (sum[i] ?? 0) + v
      return sum[i]
    }),
  )
}

export const lastOf = (v: Values): number | null => v.findLast((x) => x !== null) ?? null
export const highest = (v: Values): number | null =>
  v.reduce<number | null>((a, x) => (x !== null && (a === null || x > a) ? x : a), null)

// seriesOf are the lines of a dashboard's tile.
export const seriesOf = (view: { series: readonly { name: string; unit?: string; v: Values }[] }) =>
  view.series.map((s) => ({ name: s.name, unit: s.unit, values: s.v }))

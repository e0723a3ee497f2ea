// Which rows of a long list are drawn: those in sight and some around, so that a
// list of 100,000 costs as much as one of 50.

export interface Window {
  from: number
  to: number // exclusive
}

export const most = 60 // rows in the document at once
const around = 12

export function window(top: number, height: number, row: number, count: number): Window {
  const seen = Math.ceil(height / row) + 1
  const spare = Math.max(2, Math.min(around, Math.floor((most - seen) / 2)))
  const first = Math.max(0, Math.min(Math.floor(top / row), count - seen))
  return { from: Math.max(0, first - spare), to: Math.min(count, first + seen + spare) }
}

// reveal is where to scroll so that a row is whole in sight.
export function reveal(i: number, row: number, top: number, height: number): number {
  if (i * row < top) return i * row
  if ((i + 1) * row > top + height) return (i + 1) * row - height
  return top
}

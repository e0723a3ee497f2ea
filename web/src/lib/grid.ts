import type { TileSpec } from './types'

// gridRows is how many rows the tiles take in a grid of 12 columns that is
// filled in their order, as the browser does it. A wall is made as high as the
// screen by it.
export function gridRows(tiles: Pick<TileSpec, 'w' | 'h'>[]): number {
  const taken: boolean[][] = []
  const free = (row: number, col: number, w: number, h: number) => {
    for (let r = row; r < row + h; r++) for (let c = col; c < col + w; c++) if (taken[r]?.[c]) return false
    return true
  }
  let [row, col, rows] = [0, 0, 0]
  for (const { w, h } of tiles) {
    while (col + w > 12 || !free(row, col, w, h)) if (++col + w > 12) [row, col] = [row + 1, 0]
    for (let r = row; r < row + h; r++) for (let c = col; c < col + w; c++) (taken[r] ??= [])[c] = true
    rows = Math.max(rows, row + h)
    col += w
  }
  return Math.max(1, rows)
}

// Where tiles stand in the grid of 12 columns.

export interface Place {
  x: number
  y: number
  w: number
  h: number
}

interface Placeable {
  x?: number | null
  y?: number | null
  w: number
  h: number
}

export const columns = 12

// places are those of all tiles: those that say theirs first, the others in
// their order where there is room behind the one before.
export function places(tiles: readonly Placeable[]): Place[] {
  const taken: boolean[][] = []
  const free = (p: Place) => {
    for (let r = p.y; r < p.y + p.h; r++) for (let c = p.x; c < p.x + p.w; c++) if (taken[r]?.[c]) return false
    return true
  }
  const take = (p: Place) => {
    for (let r = p.y; r < p.y + p.h; r++) for (let c = p.x; c < p.x + p.w; c++) (taken[r] ??= [])[c] = true
    return p
  }
  const out: Place[] = []
  tiles.forEach(({ x, y, w, h }, i) => {
    if (x != null && y != null) out[i] = take({ x, y, w: Math.min(w, columns), h })
  })
  let at = { x: 0, y: 0 }
  tiles.forEach(({ w, h }, i) => {
    if (out[i]) return
    const p = { ...at, w: Math.min(w, columns), h }
    while (p.x + p.w > columns || !free(p)) {
      p.x++
      if (p.x + p.w > columns) {
        p.x = 0
        p.y++
      }
    }
    out[i] = take(p)
    at = { x: p.x + p.w, y: p.y }
  })
  return out
}

export const rows = (all: readonly Place[]): number => Math.max(1, ...all.map((p) => p.y + p.h))

// reading is the order in which people read the tiles.
export const reading = (all: readonly Place[]): number[] =>
  all.map((_, i) => i).sort((a, b) => all[a].y - all[b].y || all[a].x - all[b].x)

// A directed graph drawn from top to bottom: what feeds stands above what it
// feeds, long edges run through places of their own, and rows are ordered so
// that few edges cross.

export interface Box {
  id: string
  width: number
  last?: boolean
} // last: on the lowest row
export interface Placed {
  id: string
  x: number
  row: number
}
export interface Route {
  from: string
  to: string
  points: { x: number; row: number }[]
}
export interface Layout {
  boxes: Map<string, Placed>
  routes: Route[]
  width: number
  rows: number
}

interface Cell {
  id: string
  width: number
  row: number
  x: number
  up: Cell[]
  down: Cell[]
}

const gap = 26

export function layers(boxes: Box[], edges: { from: string; to: string }[]): Layout {
  const row = new Map(boxes.map((b) => [b.id, 0]))
  for (let round = 0; round < boxes.length; round++)
    for (const e of edges)
      if (row.get(e.to)! <= row.get(e.from)! && row.get(e.from)! < boxes.length) row.set(e.to, row.get(e.from)! + 1)
  const lowest = Math.max(0, ...row.values())
  for (const b of boxes) if (b.last) row.set(b.id, lowest)

  const cells = new Map<string, Cell>()
  const rows: Cell[][] = Array.from({ length: lowest + 1 }, () => [])
  const cell = (id: string, width: number, at: number): Cell => {
    const made: Cell = { id, width, row: at, x: 0, up: [], down: [] }
    rows[at].push(made)
    return made
  }
  for (const b of boxes) cells.set(b.id, cell(b.id, b.width, row.get(b.id)!))
  const paths = edges.map((e) => {
    const path = [cells.get(e.from)!]
    for (let at = row.get(e.from)! + 1; at < row.get(e.to)!; at++) path.push(cell('', 14, at))
    path.push(cells.get(e.to)!)
    for (let i = 1; i < path.length; i++) {
      path[i - 1].down.push(path[i])
      path[i].up.push(path[i - 1])
    }
    return { e, path }
  })

  for (let round = 0; round < 12; round++) {
    const down = round % 2 === 0
    for (const line of down ? rows : rows.toReversed())
      place(line, down && round > 0 ? 'up' : round === 0 ? 'up' : 'down')
  }
  const low = Math.min(...[...cells.values()].map((c) => c.x - c.width / 2), 0)
  const all = rows.flat()
  for (const c of all) c.x -= low
  return {
    boxes: new Map([...cells].map(([id, c]) => [id, { id, x: c.x, row: c.row }])),
    routes: paths.map(({ e, path }) => ({ ...e, points: path.map((c) => ({ x: c.x, row: c.row })) })),
    width: Math.max(...all.map((c) => c.x + c.width / 2), 1),
    rows: lowest + 1,
  }
}

// place moves the cells of a row towards the middle of their neighbours, in
// that order and without touching.
function place(line: Cell[], side: 'up' | 'down') {
  const wish = new Map(
    line.map((c) => [c, c[side].length ? c[side].reduce((sum, n) => sum + n.x, 0) / c[side].length : c.x]),
  )
  line.sort((a, b) => wish.get(a)! - wish.get(b)!)
  let edge = -Infinity
  for (const c of line) {
    c.x = Math.max(wish.get(c)!, edge + c.width / 2)
    edge = c.x + c.width / 2 + gap
  }
  // What was pushed aside goes back by the row's mean displacement.
  const shift = line.reduce((sum, c) => sum + c.x - wish.get(c)!, 0) / Math.max(1, line.length)
  for (const c of line) c.x -= shift
}

// Where the boxes of a picture stand: dagre's layout, computed in a worker and
// kept by the picture's shape, so that rates never move anything.

export interface Shape {
  boxes: { id: string; width: number; height: number }[]
  edges: { from: string; to: string }[]
  gap?: number // between columns, for what is written on the lines
}

export interface Laid {
  width: number
  height: number
  boxes: Record<string, { x: number; y: number; width?: number }> // top left
  routes: Record<string, { x: number; y: number }[]> // by edgeId
}

export const edgeId = (from: string, to: string) => from + '\n' + to

const most = 24 // layouts that are kept
const known = new Map<string, Promise<Laid>>()
let worker: Worker | undefined
let asked = 0
const waiting = new Map<number, { done: (l: Laid) => void; fail: (e: unknown) => void }>()

function lay(shape: Shape): Promise<Laid> {
  if (!worker) {
    worker = new Worker(new URL('./picture.worker.ts', import.meta.url), { type: 'module' })
    worker.onmessage = (m: MessageEvent<{ id: number; laid: Laid }>) => {
      waiting.get(m.data.id)?.done(m.data.laid)
      waiting.delete(m.data.id)
    }
    worker.onerror = (e) => {
      for (const w of waiting.values()) w.fail(new Error(e.message || 'the layout failed'))
      waiting.clear()
    }
  }
  const id = ++asked
  return new Promise((done, fail) => {
    waiting.set(id, { done, fail })
    worker!.postMessage({ id, shape })
  })
}

// laid answers where things stand.
export function laid(shape: Shape): Promise<Laid> {
  const key = JSON.stringify(shape)
  const have = known.get(key)
  if (have) return have
  if (known.size >= most) known.delete(known.keys().next().value!)
  const made = lay(shape)
  known.set(key, made)
  made.catch(() => known.delete(key))
  return made
}

// curve is a smooth line through points.
export function curve(points: readonly { x: number; y: number }[]): string {
  const [first, ...rest] = points
  let d = `M${first.x.toFixed(1)} ${first.y.toFixed(1)}`
  for (let i = 0; i < rest.length - 1; i++) {
    const [a, b] = [rest[i], rest[i + 1]]
    const [x, y] = i === rest.length - 2 ? [b.x, b.y] : [(a.x + b.x) / 2, (a.y + b.y) / 2]
    d += `Q${a.x.toFixed(1)} ${a.y.toFixed(1)} ${x.toFixed(1)} ${y.toFixed(1)}`
  }
  if (rest.length === 1) d += `L${rest[0].x.toFixed(1)} ${rest[0].y.toFixed(1)}`
  return d
}

// thick is an edge's width by what flows, in a logarithmic measure.
export const thick = (rate: number) => 1.25 + Math.min(4.5, Math.log10(1 + Math.max(0, rate)) * 1.5)

const [indent, deepest, between, lanes] = [18, 5, 10, 3]

// stacked lays the boxes out for a narrow window, one under the other: each stands
// below what flows into it, further in, as in an outline. What flows into a box
// from elsewhere too goes along the right side.
export function stacked({ boxes, edges }: Shape, width: number): Laid {
  const out: Laid = { width, height: 0, boxes: {}, routes: {} }
  const known = new Map(boxes.map((b) => [b.id, b]))
  const flows = edges.filter((e) => known.has(e.from) && known.has(e.to) && e.from !== e.to)
  const fed = new Set(flows.map((e) => e.to))
  const feeding = new Set(flows.map((e) => e.from))
  const stem = new Set<string>() // edges of the outline itself
  const gutter = 6 * lanes + 2
  function put(id: string, depth: number) {
    const { height } = known.get(id)!
    const x = 1 + Math.min(depth, deepest) * indent
    out.boxes[id] = { x, y: out.height, width: width - x - gutter }
    out.height += height + between
    for (const e of flows) {
      if (e.from !== id || out.boxes[e.to]) continue
      stem.add(edgeId(id, e.to))
      put(e.to, depth + 1)
    }
  }
  const first = boxes.filter((b) => !fed.has(b.id) && feeding.has(b.id))
  const rounds = boxes.filter((b) => fed.has(b.id)) // those that only each other feed
  for (const b of [...first, ...rounds, ...boxes]) if (!out.boxes[b.id]) put(b.id, 0)
  let lane = 0
  for (const e of flows) {
    const [a, b] = [out.boxes[e.from], out.boxes[e.to]]
    const [high, low] = [known.get(e.from)!.height, b.y + known.get(e.to)!.height / 2]
    const side = width - gutter + 6 * (1 + (lane % lanes)) - 1
    out.routes[edgeId(e.from, e.to)] = stem.has(edgeId(e.from, e.to))
      ? [
          { x: a.x + indent / 2, y: a.y + high },
          { x: a.x + indent / 2, y: low },
          { x: b.x, y: low },
        ]
      : [
          { x: a.x + a.width!, y: a.y + high * 0.7 },
          { x: side, y: a.y + high * 0.7 },
          { x: side, y: low - 6 },
          { x: b.x + b.width!, y: low - 6 },
        ]
    if (!stem.has(edgeId(e.from, e.to))) lane++
  }
  out.height = Math.max(0, out.height - between + 4) // the shadow of a group
  return out
}

// elbow is a line through points with its corners rounded.
export function elbow(points: readonly { x: number; y: number }[]): string {
  let d = `M${points[0].x} ${points[0].y}`
  for (let i = 1; i < points.length; i++) {
    const [a, b, c] = [points[i - 1], points[i], points[i + 1]]
    if (!c) return d + `L${b.x} ${b.y}`
    const toward = (p: { x: number; y: number }) => {
      const far = Math.hypot(p.x - b.x, p.y - b.y) || 1
      const r = Math.min(6, far / 2) / far
      return `${(b.x + (p.x - b.x) * r).toFixed(1)} ${(b.y + (p.y - b.y) * r).toFixed(1)}`
    }
    d += `L${toward(a)}Q${b.x} ${b.y} ${toward(c)}`
  }
  return d
}

// Where the boxes of a picture stand: dagre's layout, computed in a worker and
// kept by the picture's shape, so that rates never move anything.

export interface Shape {
  boxes: { id: string; width: number; height: number }[]
  edges: { from: string; to: string }[]
  down: boolean // from top to bottom, where there is little width
}

export interface Laid {
  width: number
  height: number
  boxes: Record<string, { x: number; y: number }> // top left
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

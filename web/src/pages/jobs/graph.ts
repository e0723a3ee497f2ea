import type { JobDetail, JobText, PlanNode } from '../../lib/types'
import type { State } from '../../ui/types'

// The plan of a stream job as people think of it: inputs, the steps of WITH
// with the operators that matter, outputs. Plain projections are left out, and a
// SELECT … INTO that only projects is an arrow.

export interface JobBox {
  id: string
  kind: 'input' | 'reference' | 'step' | 'output'
  title: string
  name: string
  step: string
  words: string[]
  details: string[]
  state: State
  rate: number | null
  lag: number
  target: string
}
export interface JobGraph {
  boxes: JobBox[]
  edges: { from: string; to: string }[]
}

const most = 60 // boxes of a picture

const simple = (n: PlanNode) => n.kind === 'project' || n.kind === 'step' || n.kind === 'source'
const end = (n: PlanNode) => n.kind === 'input' || n.kind === 'reference' || n.kind === 'output'

// short is what a box says of an operator: its name and, of a window, its size.
function short(n: PlanNode): string {
  const window = /\b(tumbling|hopping|sliding|session|snapshot|windows)\b[^:]*/.exec(n.detail)
  return window ? window[0].trim() : n.kind
}

export function jobGraph(job: JobDetail, diagram: NonNullable<JobText['diagram']>): JobGraph {
  const group = new Map<string, string>() // plan node -> box
  for (const n of diagram.nodes) group.set(n.id, end(n) ? `${n.kind}/${n.label}` : n.step ? 'step/' + n.step : n.id)
  // Operators without a step join the one that they feed.
  const by = new Map(diagram.nodes.map((n) => [n.id, n]))
  for (const e of diagram.edges.toReversed()) {
    const [a, b] = [by.get(e.from)!, by.get(e.to)!]
    if (!end(a) && !a.step && !end(b) && !b.step) group.set(a.id, group.get(b.id)!)
  }
  const boxes = new Map<string, JobBox>()
  const hollow = new Set<string>() // boxes without an operator that matters
  for (const n of diagram.nodes) {
    const id = group.get(n.id)!
    let box = boxes.get(id)
    if (!box) {
      box = {
        id,
        kind: end(n) ? (n.kind as JobBox['kind']) : 'step',
        title: n.step || n.label,
        name: n.label,
        step: n.step,
        words: [],
        details: [],
        state: 'ok',
        rate: null,
        lag: 0,
        target: '',
      }
      boxes.set(id, box)
      if (!end(n) && !n.step) hollow.add(id)
    }
    box.details.push(n.detail)
    if (!end(n) && !simple(n)) {
      box.words.push(short(n))
      hollow.delete(id)
    }
  }
  for (const b of boxes.values())
    if (b.kind === 'step' && !b.step) [b.title, b.words] = [b.words[0] ?? '', b.words.slice(1)]
  live([...boxes.values()], job)

  // Edges between boxes; through hollow ones they go straight on.
  const next = new Map<string, Set<string>>()
  for (const e of diagram.edges) {
    const [a, b] = [group.get(e.from)!, group.get(e.to)!]
    if (a !== b) next.set(a, (next.get(a) ?? new Set()).add(b))
  }
  const reach = (id: string, depth = 0): string[] =>
    depth > 64 ? [] : [...(next.get(id) ?? [])].flatMap((to) => (hollow.has(to) ? reach(to, depth + 1) : [to]))
  const kept = [...boxes.values()].filter((b) => !hollow.has(b.id))
  const edges = kept.flatMap((b) => [...new Set(reach(b.id))].map((to) => ({ from: b.id, to })))
  return folded(kept, edges)
}

// folded joins steps that do nothing but hand on, where there are too many.
function folded(boxes: JobBox[], edges: { from: string; to: string }[]): JobGraph {
  while (boxes.length > most) {
    const single = (id: string, end: 'from' | 'to') => {
      const list = edges.filter((e) => e[end] === id)
      return list.length === 1 ? list[0] : undefined
    }
    const by = new Map(boxes.map((b) => [b.id, b]))
    const pair = edges.find(
      (e) =>
        by.get(e.from)!.kind === 'step' &&
        by.get(e.to)!.kind === 'step' &&
        single(e.from, 'from') &&
        single(e.to, 'to'),
    )
    if (!pair) break
    const [a, b] = [by.get(pair.from)!, by.get(pair.to)!]
    b.title = `${a.title} → ${b.title}`
    b.words = [...a.words, ...b.words]
    b.details = [...a.details, ...b.details]
    boxes = boxes.filter((x) => x !== a)
    edges = edges.filter((e) => e !== pair).map((e) => (e.to === a.id ? { ...e, to: b.id } : e))
  }
  return { boxes, edges }
}

// live adds what flows now.
function live(boxes: JobBox[], job: JobDetail) {
  for (const b of boxes) {
    const input =
      b.kind === 'input' || b.kind === 'reference' ? job.inputs.find((i) => same(i.name, b.name)) : undefined
    const output = b.kind === 'output' ? job.outputs.find((o) => same(o.name, b.name)) : undefined
    b.target = input?.target ?? output?.target ?? ''
    b.rate = input?.in ?? output?.out ?? null
    b.lag = input?.lag ?? 0
    if (output?.blocked) b.state = 'bad'
    else if (output?.counts?.errors) b.state = 'warn'
  }
}

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()

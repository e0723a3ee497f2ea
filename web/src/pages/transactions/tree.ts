// What one operation did, as a tree: each span below the one that it names as its
// parent, what was said within a span below that, all in the order of time.
import type { Telemetry } from '../../lib/wire'

export interface Node extends Telemetry {
  depth: number
  kids: number
  early: boolean // it begins before its parent: the clocks of two machines differ
}

export interface Tree {
  nodes: Node[] // parents before their children
  from: number // ms
  span: number // how long it took in all, ms
}

export function tree(rows: readonly Telemetry[]): Tree {
  const spans = new Map<string, Telemetry>()
  for (const r of rows) if (r.span && !spans.has(r.span)) spans.set(r.span, r)
  const below = new Map<Telemetry | null, Telemetry[]>()
  for (const r of rows) {
    // What several caused hangs below the first of them that is here.
    const cause = r.causedBy?.find((l) => spans.has(l))
    const parent = spans.get(r.parent) ?? (cause ? spans.get(cause) : undefined)
    const under = parent && parent !== r ? parent : null
    const list = below.get(under)
    if (list) list.push(r)
    else below.set(under, [r])
  }
  const nodes: Node[] = []
  const put = new Set<Telemetry>()
  const skew = 1 // ms: less is how times are rounded
  function walk(top: Telemetry | null) {
    // By hand, not by recursion: a chain may be as deep as there are rows.
    const stack = (below.get(top) ?? [])
      .toSorted(byTime)
      .toReversed()
      .map((r) => ({ r, depth: 0, over: top }))
    for (let next = stack.pop(); next; next = stack.pop()) {
      const { r, depth, over } = next
      if (put.has(r)) continue
      put.add(r)
      const kids = below.get(r) ?? []
      nodes.push({ ...r, depth, kids: kids.length, early: !!over && r.t < over.t - skew })
      for (const kid of kids.toSorted(byTime).toReversed()) stack.push({ r: kid, depth: depth + 1, over: r })
    }
  }
  walk(null)
  // Spans that name each other as parents hang on nothing.
  for (const r of rows)
    if (!put.has(r)) {
      below.set(null, [r])
      walk(null)
    }
  const from = rows.reduce((a, r) => Math.min(a, r.t), Infinity)
  const to = rows.reduce((a, r) => Math.max(a, r.t + (r.duration ?? 0)), -Infinity)
  return { nodes, from: rows.length ? from : 0, span: rows.length ? Math.max(to - from, 0.001) : 0.001 }
}

const byTime = (a: Telemetry, b: Telemetry) => a.t - b.t || (b.duration ?? 0) - (a.duration ?? 0)

// open leaves out what is below folded nodes.
export function open(nodes: readonly Node[], folded: ReadonlySet<string>): Node[] {
  const out: Node[] = []
  let hidden = Infinity
  for (const n of nodes) {
    if (n.depth > hidden) continue
    hidden = folded.has(n.id) ? n.depth : Infinity
    out.push(n)
  }
  return out
}

// The layout of a picture, off the page's own thread.
import { graphlib, layout } from '@dagrejs/dagre'
import { inOrder } from './alike'
import { below, lone } from './lone'
import { edgeId, type Laid, type Shape } from './picture'

onmessage = (m: MessageEvent<{ id: number; shape: Shape }>) => {
  const g = new graphlib.Graph()
  g.setGraph({
    rankdir: 'LR',
    nodesep: 14,
    ranksep: m.data.shape.gap ?? 46,
    marginx: 12,
    marginy: 12,
  })
  g.setDefaultEdgeLabel(() => ({}))
  const alone = lone(m.data.shape)
  const boxes = m.data.shape.boxes.filter((b) => !alone.includes(b))
  for (const b of boxes) g.setNode(b.id, { width: b.width, height: b.height })
  for (const e of m.data.shape.edges) g.setEdge(e.from, e.to)
  if (boxes.length) layout(g) // nothing would be infinitely small
  const out: Laid = { width: g.graph().width ?? 0, height: g.graph().height ?? 0, boxes: {}, routes: {} }
  for (const id of g.nodes()) {
    const n = g.node(id)
    out.boxes[id] = { x: n.x - n.width / 2, y: n.y - n.height / 2 }
  }
  for (const e of g.edges()) out.routes[edgeId(e.v, e.w)] = g.edge(e).points as { x: number; y: number }[]
  postMessage({ id: m.data.id, laid: below(inOrder({ ...m.data.shape, boxes }, out), alone) })
}

// Boxes that lead to the same and come from the same stand in the order in which they
// were given: the layout may have any, as none of them crosses more lines.
import { edgeId, type Laid, type Shape } from './picture'

export function inOrder(shape: Shape, laid: Laid): Laid {
  const from = new Map<string, string[]>()
  const to = new Map<string, string[]>()
  const add = (m: Map<string, string[]>, key: string, v: string) => m.set(key, [...(m.get(key) ?? []), v])
  for (const e of shape.edges) {
    add(to, e.from, e.to)
    add(from, e.to, e.from)
  }
  const alike = new Map<string, string[]>()
  for (const b of shape.boxes) {
    const ends = [from.get(b.id) ?? [], to.get(b.id) ?? []].map((m) => [...m].sort())
    add(alike, JSON.stringify([laid.boxes[b.id].x, b.width, b.height, ends]), b.id)
  }
  const place = new Map<string, string>() // whose place a box takes
  for (const given of alike.values()) {
    const stand = [...given].sort((a, b) => laid.boxes[a].y - laid.boxes[b].y)
    given.forEach((id, i) => place.set(id, stand[i]))
  }
  const out: Laid = { ...laid, boxes: {}, routes: {} }
  for (const { id } of shape.boxes) out.boxes[id] = laid.boxes[place.get(id)!]
  for (const e of shape.edges)
    out.routes[edgeId(e.from, e.to)] = laid.routes[edgeId(place.get(e.from)!, place.get(e.to)!)]
  return out
}

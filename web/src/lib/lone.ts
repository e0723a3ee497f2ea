// Boxes that no line leads to stand in rows below the others: in between they would
// stand in the way of the lines.
import type { Laid, Shape } from './picture'

const [across, down, margin] = [46, 14, 12]
const broad = 2.2 // the picture's width by its height, where nothing else is in it

// lone are the boxes without lines.
export function lone({ boxes, edges }: Shape): Shape['boxes'] {
  const linked = new Set(edges.flatMap((e) => [e.from, e.to]))
  return boxes.filter((b) => !linked.has(b.id))
}

// below puts boxes into rows under what is laid out.
export function below(laid: Laid, boxes: Shape['boxes']): Laid {
  if (!boxes.length) return laid
  const [w, h] = [Math.max(...boxes.map((b) => b.width)) + across, Math.max(...boxes.map((b) => b.height)) + down]
  const fair = Math.ceil(Math.sqrt((boxes.length * broad * h) / w))
  const columns = Math.min(boxes.length, Math.max(fair, Math.floor((laid.width - 2 * margin + across) / w)))
  const top = laid.height > 2 * margin ? laid.height + margin : margin
  const placed = boxes.map((b, i): [string, { x: number; y: number }] => [
    b.id,
    { x: margin + (i % columns) * w, y: top + Math.floor(i / columns) * h },
  ])
  return {
    width: Math.max(laid.width, 2 * margin + columns * w - across),
    height: top + Math.ceil(boxes.length / columns) * h - down + margin,
    boxes: { ...laid.boxes, ...Object.fromEntries(placed) },
    routes: laid.routes,
  }
}

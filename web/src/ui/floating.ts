import type { Placement } from '@floating-ui/dom'
import { idle } from '../lib/idle'

// What finds the place comes when the browser has time, or when it is needed.
let dom: Promise<typeof import('@floating-ui/dom')> | undefined
const load = () => (dom ??= import('@floating-ui/dom'))
idle(() => void load().catch(() => (dom = undefined)))

export interface Anchor {
  to: Element
  placement?: Placement
  wide?: boolean // as wide as the anchor at least
}

// floating keeps an element beside another one, in sight and above everything:
// in the browser's top layer nothing clips it.
export function floating(node: HTMLElement, anchor: Anchor) {
  node.popover = 'manual'
  node.style.position = 'fixed'
  node.style.margin = '0'
  node.style.color = 'var(--text)'
  node.showPopover()
  const at = anchor.to.getBoundingClientRect()
  node.style.left = at.left + 'px'
  node.style.top = at.bottom + 4 + 'px'
  let stop = () => {}
  let gone = false
  const place = ({ autoUpdate, computePosition, flip, offset, shift, size }: Awaited<ReturnType<typeof load>>) => {
    if (gone) return
    const put = () =>
      void computePosition(anchor.to, node, {
        strategy: 'fixed',
        placement: anchor.placement ?? 'bottom-start',
        middleware: [
          offset(4),
          flip({ padding: 8 }),
          shift({ padding: 8 }),
          size({
            padding: 8,
            apply({ availableHeight, rects }) {
              node.style.maxHeight = Math.max(120, Math.min(480, availableHeight)) + 'px'
              if (anchor.wide) node.style.minWidth = rects.reference.width + 'px'
            },
          }),
        ],
      }).then(({ x, y }) => {
        node.style.left = x + 'px'
        node.style.top = y + 'px'
      })
    stop = autoUpdate(anchor.to, node, put)
  }
  void load().then(place, () => {}) // without it, it stays below its anchor
  return {
    destroy() {
      gone = true
      stop()
    },
  }
}

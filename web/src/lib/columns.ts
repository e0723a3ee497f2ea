// Which columns of a table stand where, and how wide.

export interface Col {
  id: string
  width?: number
  min?: number
  grow?: number
  priority?: number
  hidden?: boolean
}

// Layout is what somebody changed by hand, kept in the browser.
export interface Layout {
  order: string[]
  shown: Record<string, boolean>
  widths: Record<string, number>
}

export const untouched: Layout = { order: [], shown: {}, widths: {} }
export const usual = 120
export const least = 48

export function layoutOf(text: string | null): Layout {
  try {
    const v = JSON.parse(text ?? '') as Partial<Layout>
    return { order: v.order ?? [], shown: v.shown ?? {}, widths: v.widths ?? {} }
  } catch {
    return untouched
  }
}

// ordered are the columns in the order that was chosen; new ones keep their
// place behind the one that they follow.
export function ordered<C extends Col>(columns: readonly C[], order: readonly string[]): C[] {
  const out = order.flatMap((id) => columns.find((c) => c.id === id) ?? [])
  columns.forEach((c, i) => {
    if (out.includes(c)) return
    const before = columns[i - 1]
    out.splice(before ? out.indexOf(before) + 1 : 0, 0, c)
  })
  return out
}

export const isShown = (c: Col, l: Layout) => l.shown[c.id] ?? !c.hidden
export const widthOf = (c: Col, l: Layout) => l.widths[c.id] ?? c.width ?? c.min ?? usual

// fitting leaves out columns of the lowest priority until the rest has room.
export function fitting<C extends Col>(columns: readonly C[], l: Layout, room: number): C[] {
  let out = columns.filter((c) => isShown(c, l))
  const need = () => out.reduce((sum, c) => sum + (c.grow && !l.widths[c.id] ? (c.min ?? usual) : widthOf(c, l)), 0)
  while (room > 0 && need() > room) {
    const last = out.reduce<C | null>((a, c) => ((c.priority ?? 0) > (a?.priority ?? 0) ? c : a), null)
    if (!last) break
    out = out.filter((c) => c !== last)
  }
  return out
}

// tracks is the CSS of their widths. Without a growing column the last grows.
export function tracks(columns: readonly Col[], l: Layout): string {
  const grows = columns.some((c) => c.grow && !l.widths[c.id])
  return columns
    .map((c, i) => {
      if (c.grow && !l.widths[c.id]) return `minmax(${c.min ?? usual}px, ${c.grow}fr)`
      const w = widthOf(c, l)
      return !grows && i === columns.length - 1 ? `minmax(${w}px, 1fr)` : `${w}px`
    })
    .join(' ')
}

export function moved(order: readonly string[], id: string, to: number): string[] {
  const out = order.filter((o) => o !== id)
  out.splice(Math.max(0, Math.min(out.length, to)), 0, id)
  return out
}

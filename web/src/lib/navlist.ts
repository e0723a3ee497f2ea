// The lines of a grouped list.

export interface Named {
  id: string
  name: string
  group?: string
}

export interface Grouping {
  id: string
  name: string
  note?: string
  folded?: boolean
}

export interface Line<R extends Named = Named, G extends Grouping = Grouping> {
  key: string
  row?: R
  group?: G
  folded?: boolean
  count?: number
}

// outline puts rows under their groups, in the groups' order; rows of groups
// that are not listed make a group of their own name. While something is sought
// nothing is folded, and groups without a hit are left out.
export function outline<R extends Named, G extends Grouping>(
  rows: readonly R[],
  groups: readonly G[],
  folds: Record<string, boolean>,
  sought: string,
): Line<R, G>[] {
  const low = sought.toLowerCase()
  const kept = low
    ? rows.filter((r) => r.name.toLowerCase().includes(low) || r.group?.toLowerCase().includes(low))
    : rows
  const out: Line<R, G>[] = kept.filter((r) => r.group === undefined).map((row) => ({ key: 'r:' + row.id, row }))
  const under = new Map<string, R[]>(groups.map((g) => [g.id, []]))
  for (const r of kept) {
    if (r.group === undefined) continue
    const list = under.get(r.group)
    if (list) list.push(r)
    else under.set(r.group, [r])
  }
  for (const [id, list] of under) {
    if (low && list.length === 0) continue
    const group = groups.find((g) => g.id === id) ?? ({ id, name: id } as G)
    const folded = !low && (folds[id] ?? group.folded ?? false)
    out.push({ key: 'g:' + id, group, folded, count: list.length })
    if (!folded) for (const row of list) out.push({ key: 'r:' + row.id, row })
  }
  return out
}

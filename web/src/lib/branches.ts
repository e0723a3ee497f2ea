// A tree as the lines that are seen of it.
import type { TreeNode } from '../ui/types'

export interface Branch {
  node: TreeNode
  level: number // from 1
  parent: string | null
  at: number // among its siblings, from 1
  of: number
  folds: boolean
  open: boolean
}

export interface Growth {
  open: ReadonlySet<string>
  loaded: ReadonlyMap<string, TreeNode[]>
  text: string // only what holds it, and what leads there
}

export function branches(nodes: readonly TreeNode[], growth: Growth): Branch[] {
  const out: Branch[] = []
  grow(out, nodes, 1, null, growth, growth.text.toLowerCase())
  return out
}

const childrenOf = (n: TreeNode, g: Growth) => n.children ?? g.loaded.get(n.id)

function grow(out: Branch[], nodes: readonly TreeNode[], level: number, parent: string | null, g: Growth, low: string) {
  const kept = low ? nodes.filter((n) => leads(n, g, low)) : nodes
  kept.forEach((node, i) => {
    const children = childrenOf(node, g)
    const folds = node.children === null || !!children?.length
    const through = !!low && !node.name.toLowerCase().includes(low)
    const open = folds && (g.open.has(node.id) || through)
    out.push({ node, level, parent, at: i + 1, of: kept.length, folds, open })
    if (open && children) grow(out, children, level + 1, node.id, g, through ? low : '')
  })
}

function leads(n: TreeNode, g: Growth, low: string): boolean {
  return n.name.toLowerCase().includes(low) || !!childrenOf(n, g)?.some((c) => leads(c, g, low))
}

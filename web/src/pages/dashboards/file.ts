// A dashboard's file as text: values are read and changed in their place, so
// that order, spaces and line breaks of everything else stay as people wrote
// them.

export interface Node {
  kind: 'object' | 'array' | 'value'
  start: number
  end: number
  members: Member[]
  items: Node[]
}

interface Member {
  name: string
  start: number // of the name
  value: Node
}

export type Step = string | number

// read is the text's tree, or null for what is not JSON.
export function read(text: string): Node | null {
  try {
    JSON.parse(text)
  } catch {
    return null
  }
  let at = 0
  const space = () => {
    while (/\s/.test(text[at] ?? '')) at++
  }
  const string = () => {
    const start = at
    for (at++; text[at] !== '"'; at++) if (text[at] === '\\') at++
    at++
    return JSON.parse(text.slice(start, at)) as string
  }
  const value = (): Node => {
    space()
    const node: Node = { kind: 'value', start: at, end: at, members: [], items: [] }
    if (text[at] === '{') {
      node.kind = 'object'
      for (at++, space(); text[at] !== '}'; space()) {
        const start = at
        const name = string()
        space()
        at++ // the colon
        node.members.push({ name, start, value: value() })
        space()
        if (text[at] === ',') at++
        space()
      }
      at++
    } else if (text[at] === '[') {
      node.kind = 'array'
      for (at++, space(); text[at] !== ']'; space()) {
        node.items.push(value())
        space()
        if (text[at] === ',') at++
        space()
      }
      at++
    } else if (text[at] === '"') string()
    else while (at < text.length && !/[\s,\]}]/.test(text[at])) at++
    node.end = at
    return node
  }
  return value()
}

export function find(node: Node | null, path: readonly Step[]): Node | null {
  for (const step of path) {
    if (!node) return null
    node = typeof step === 'number' ? (node.items[step] ?? null) : (last(node, step)?.value ?? null)
  }
  return node
}

const last = (node: Node, name: string) => node.members.findLast((m) => m.name === name)

// inline is a value on one line, as the examples are written.
export function inline(value: unknown): string {
  if (Array.isArray(value)) return '[' + value.map(inline).join(', ') + ']'
  if (value && typeof value === 'object') {
    const members = Object.entries(value).filter(([, v]) => v !== undefined)
    return '{' + members.map(([k, v]) => `${JSON.stringify(k)}: ${inline(v)}`).join(', ') + '}'
  }
  return JSON.stringify(value)
}

// lead is the white space before something, when it begins its line.
function lead(text: string, at: number): string | null {
  const line = text.lastIndexOf('\n', at - 1) + 1
  const before = text.slice(line, at)
  return line > 0 && /^\s*$/.test(before) ? before : null
}

// put gives the value at a path another one; undefined takes it away. What
// leads there and is missing is made.
export function put(text: string, path: readonly Step[], value: unknown): string {
  const root = read(text)
  if (!root) return text
  const here = find(root, path)
  if (value === undefined) return here ? take(text, root, path) : text
  if (here) {
    const same = JSON.stringify(JSON.parse(text.slice(here.start, here.end))) === JSON.stringify(value)
    return same ? text : text.slice(0, here.start) + inline(value) + text.slice(here.end)
  }
  const step = path[path.length - 1]
  const parent = find(root, path.slice(0, -1))
  if (!parent) return put(text, path.slice(0, -1), typeof step === 'number' ? [value] : { [step]: value })
  if (parent.kind === 'value') return text
  return insert(text, parent, typeof step === 'number' ? inline(value) : `${JSON.stringify(step)}: ${inline(value)}`)
}

// insert adds a member or an item at the end, on a line of its own when the
// others stand on theirs.
function insert(text: string, parent: Node, what: string): string {
  const ends =
    parent.kind === 'array' ? parent.items : parent.members.map((m) => ({ start: m.start, end: m.value.end }))
  const before = ends.at(-1)
  if (before) {
    const indent = lead(text, before.start)
    return text.slice(0, before.end) + (indent === null ? ', ' : ',\n' + indent) + what + text.slice(before.end)
  }
  const close = parent.end - 1
  const line = text.lastIndexOf('\n', parent.start) + 1
  const indent = /^\s*/.exec(text.slice(line, parent.start))![0]
  const rows = what.startsWith('{') || /^"[^"]*": \{/.test(what)
  const body = rows ? `\n${indent}  ${what}\n${indent}` : what
  return text.slice(0, parent.start + 1) + body + text.slice(close)
}

// take removes a member or an item with its comma.
function take(text: string, root: Node, path: readonly Step[]): string {
  const parent = find(root, path.slice(0, -1))!
  const step = path[path.length - 1]
  const ends =
    parent.kind === 'array' ? parent.items : parent.members.map((m) => ({ start: m.start, end: m.value.end }))
  const i = typeof step === 'number' ? step : parent.members.findLastIndex((m) => m.name === step)
  if (ends.length === 1) return text.slice(0, parent.start + 1) + text.slice(parent.end - 1)
  return i === 0
    ? text.slice(0, ends[0].start) + text.slice(ends[1].start)
    : text.slice(0, ends[i - 1].end) + text.slice(ends[i].end)
}

// get is the value at a path, or undefined.
export function get(text: string, path: readonly Step[]): unknown {
  const node = find(read(text), path)
  return node ? JSON.parse(text.slice(node.start, node.end)) : undefined
}

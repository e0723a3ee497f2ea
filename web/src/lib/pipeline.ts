import { plain } from './marks'
import type { App, Container, Func, Hub, Job } from './types'

// The pipeline as a graph in layers: what feeds stands left of what it feeds.

export interface Node {
  id: string
  kind: 'source' | 'hub' | 'function' | 'container' | 'job'
  name: string
  note: string
  link: string[]
  state: 'ok' | 'warn' | 'alarm'
  used: boolean
  layer: number
  row: number
}

export interface Edge {
  from: string
  to: string
  rate: number
  feed: boolean
}
export interface Graph {
  nodes: Node[]
  edges: Edge[]
  layers: number
  rows: number
}

// What there is: the rows of the lists.
export interface Things {
  hubs: Hub[]
  containers: Container[]
  apps: App[]
  functions: Func[]
  jobs: Job[]
  connections: number
}

export interface Labels {
  producers: string
  http: string
  connections: (n: number) => string
  stored: (n: number) => string
  lag: (n: number) => string
  delay: (ms: number) => string
}

export function pipeline(s: Things, labels: Labels): Graph {
  const nodes = new Map<string, Node>()
  const edges: Edge[] = []
  const node = (id: string, kind: Node['kind'], name: string, link: string[], note = ''): Node => {
    const have = nodes.get(id)
    if (have) return have
    const made: Node = {
      id,
      kind,
      name: plain(name),
      note: plain(note),
      link,
      state: 'ok',
      used: false,
      layer: 0,
      row: 0,
    }
    nodes.set(id, made)
    return made
  }
  const edge = (from: string, to: string, rate: number, feed = false) => edges.push({ from, to, rate, feed })

  for (const h of s.hubs) node('hub/' + h.id.toLowerCase(), 'hub', h.id, ['hubs', h.id], labels.stored(h.stored))
  for (const c of s.containers)
    if (!c.leases) node('doc/' + c.id, 'container', c.name, ['data', c.database, c.name], labels.stored(c.documents))
  for (const app of s.apps)
    for (const f of s.functions.filter((f) => f.app === app.id)) {
      const n = node('fn/' + f.id, 'function', f.name, ['functions', f.app, f.name], f.app)
      if (f.error || app.error) n.state = 'alarm'
      else if (f.failures > 0) n.state = 'warn'
      const trigger = f.trigger.toLowerCase()
      if (trigger === 'eventhubtrigger') edge('hub/' + f.target.toLowerCase(), n.id, f.items)
      else if (trigger === 'cosmosdbtrigger') edge('doc/' + f.target, n.id, f.items, true)
      else if (
        trigger === 'httptrigger' &&
        !s.jobs.some((j) => j.outputs.some((o) => o.target === f.app + '/' + f.target))
      )
        edge(node('http', 'source', labels.http, ['functions']).id, n.id, f.runs)
      for (const o of f.outputs) {
        const id = o.type.toLowerCase() === 'eventhub' ? 'hub/' + o.target.toLowerCase() : 'doc/' + o.target
        if (nodes.has(id)) edge(n.id, id, f.documents)
      }
    }
  for (const j of s.jobs) {
    const n = node('job/' + j.id, 'job', j.id, ['jobs', j.id], labels.delay(j.delayMs))
    if (j.failed) n.state = 'alarm'
    else if (j.state === 'degraded' || j.warnings) n.state = 'warn'
    const end = (kind: string, target: string) => {
      if (kind === 'hub') return 'hub/' + target.toLowerCase()
      if (kind === 'container') return 'doc/' + target
      const [app, route] = target.split('/')
      const f = s.functions.find((f) => f.app === app && (f.target === route || f.name === route))
      return f ? 'fn/' + f.id : ''
    }
    for (const i of j.inputs) edge(end(i.kind, i.target), n.id, i.kind === 'hub' ? j.in : 0)
    for (const o of j.outputs) {
      const id = end(o.kind, o.target)
      const container = o.kind === 'container' ? s.containers.find((c) => c.id === o.target) : undefined
      const fn = s.functions.find((f) => 'fn/' + f.id === id)
      edge(n.id, id, container?.changes ?? fn?.runs ?? (j.outputs.length === 1 ? j.out : 0))
    }
  }
  for (const h of s.hubs) {
    const id = 'hub/' + h.id.toLowerCase()
    const feeders = edges.filter((e) => e.to === id)
    const fed = feeders.length > 0
    // Who feeds a hub alone feeds it all: nobody else is connected.
    if (feeders.length === 1 && s.connections === 0) feeders[0].rate = h.events
    const inner = feeders.reduce((sum, e) => sum + e.rate, 0)
    if (!fed || h.events > inner * 1.2 + 1) {
      const producers = node('amqp', 'source', labels.producers, ['hubs'], labels.connections(s.connections))
      edge(producers.id, id, Math.max(0, h.events - inner))
    }
    if (h.consumers) nodes.get(id)!.note = labels.lag(h.lag)
  }
  return layered(
    [...nodes.values()],
    edges.filter((e) => nodes.has(e.from) && nodes.has(e.to)),
  )
}

// A node's layer is one more than that of whatever feeds it. A pipeline may
// run in a circle, so a node is pushed right only so often.
function layered(nodes: Node[], edges: Edge[]): Graph {
  const by = new Map(nodes.map((n) => [n.id, n]))
  const busy = new Set(edges.filter((e) => e.from !== 'amqp').flatMap((e) => [e.from, e.to]))
  for (const n of nodes)
    n.used = busy.has(n.id) || n.kind === 'source' || edges.some((e) => e.to === n.id && e.rate > 0)
  // HTTP clients stand below the hubs, next to the functions that they call.
  const http = by.get('http')
  if (http && nodes.some((n) => n.kind === 'hub')) http.layer = 1
  const push = () => {
    for (let round = 0; round < 8; round++)
      for (const e of edges) by.get(e.to)!.layer = Math.min(8, Math.max(by.get(e.to)!.layer, by.get(e.from)!.layer + 1))
  }
  push()
  const containers = nodes.filter((n) => n.kind === 'container' && n.layer > 0).map((n) => n.layer)
  for (const n of nodes) if (n.kind === 'container' && n.layer === 0) n.layer = Math.min(...containers, 3)
  for (const n of nodes) if (n.kind === 'hub' && n.layer === 0) n.layer = 1
  // A function that nothing here feeds (a timer) stands first when it feeds a hub.
  const starts = new Set(edges.filter((e) => e.to.startsWith('hub/')).map((e) => e.from))
  for (const n of nodes) if (n.kind === 'function' && n.layer === 0 && !starts.has(n.id)) n.layer = 2
  push()

  const layers = 1 + Math.max(0, ...nodes.map((n) => n.layer))
  let rows = 0
  for (let layer = 0; layer < layers; layer++) {
    const column = nodes.filter((n) => n.layer === layer)
    const weight = (n: Node) => {
      const from = edges.filter((e) => e.to === n.id).map((e) => by.get(e.from)!.row)
      const out = edges.some((e) => e.from === n.id)
      const pull = from.length ? from.reduce((a, b) => a + b, 0) / from.length : 50
      return (n.used ? 0 : 1000) + (n.id === 'http' ? 2000 : 0) + pull * 10 - (out ? 5 : 0)
    }
    column.sort((a, b) => weight(a) - weight(b) || a.name.localeCompare(b.name))
    column.forEach((n, i) => (n.row = i))
    rows = Math.max(rows, column.length)
  }
  return { nodes, edges, layers, rows }
}

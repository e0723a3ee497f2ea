import type { BoardView, Point, Snapshot } from './types'

// The one stream of this page. It always carries the status; a dashboard adds
// its own topic. The browser reconnects by itself.

const historySeconds = 300

export const live = $state({
  status: null as Snapshot | null,
  history: [] as Point[],
  boards: {} as Record<string, BoardView>,
  lastAt: 0, // when the newest message came, by this browser's clock
  failed: false,
})

let source: EventSource | null = null
let board = ''

function heard() {
  live.lastAt = Date.now()
  live.failed = false
}

function open() {
  source?.close()
  const topics = board ? ['status', 'dashboard:' + board] : ['status']
  source = new EventSource('/api/stream?' + topics.map((t) => 'topic=' + encodeURIComponent(t)).join('&'))
  source.addEventListener('status', (e) => {
    heard()
    const s = JSON.parse(e.data) as Snapshot
    live.status = s
    if (live.history.at(-1)?.t === s.t) return
    const hubs = Object.fromEntries(s.hubs.map((h) => [h.name, h.events]))
    live.history = [...live.history.slice(1 - historySeconds), { t: s.t, totals: s.totals, hubs }]
  })
  if (board) {
    const name = board
    source.addEventListener('dashboard:' + name, (e) => {
      heard()
      live.boards[name] = JSON.parse(e.data) as BoardView
    })
  }
  source.onerror = () => (live.failed = true)
}

export function watch(name: string) {
  if (source && board === name) return
  board = name
  open()
}

export async function start() {
  watch(board)
  const past = await fetch('/api/history').then((r) => (r.ok ? (r.json() as Promise<Point[]>) : []))
  const first = live.history[0]?.t ?? Infinity
  live.history = [...past.filter((p) => p.t < first), ...live.history].slice(-historySeconds)
}

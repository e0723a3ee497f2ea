// What instances report, second by second, as long as the page is looked at.
import { stream } from '../../lib/api'
import { Tail } from '../../lib/tail.svelte'
import type { LiveSample, LiveSecond, LiveServer, LiveValues } from '../../lib/wire'

export type Sample = LiveSample & { id: string }

const most = 120 // seconds that are drawn
const held = 3 // seconds for which what an instance said last stands
const hiddenFor = 10_000
const longest = 5000

export class Feed {
  seconds = $state.raw<{ t: number; servers: Map<string, LiveValues> }[]>([])
  servers = $state.raw<LiveServer[]>([])
  more = $state(0)
  tail = new Tail<Sample>({ size: 500 })
  lost = $state(0)
  begun = $state(false)
  paused = $state(false)
  problem = $state.raw<unknown>(null)

  #last = new Map<string, { values: LiveValues; age: number }>()
  #asking: AbortController | null = null
  #made = 0

  begin(component: string, all: boolean) {
    this.end()
    const mine = (this.#asking = new AbortController())
    void this.#follow(mine, component, all)
  }

  end() {
    this.#asking?.abort()
    this.#asking = null
  }

  toggle() {
    this.paused = !this.paused
    if (this.paused) this.tail.pause()
    else this.tail.resume()
  }

  #take(line: LiveSecond) {
    this.begun = true
    this.problem = null
    const now = new Map<string, LiveValues>()
    for (const s of line.servers) {
      const before = this.#last.get(s.id)
      if (s.values) this.#last.set(s.id, { values: s.values, age: 0 })
      else if (before) before.age++
      const at = this.#last.get(s.id)
      if (at && at.age < held) now.set(s.id, at.values)
    }
    this.lost += line.lost
    if (line.samples.length) this.tail.push(line.samples.map((s) => ({ ...s, id: String(++this.#made) })))
    if (this.paused) return
    this.seconds = [...this.seconds.slice(1 - most), { t: line.t, servers: now }]
    this.servers = line.servers.map((s) => ({ ...s, values: now.get(s.id) ?? null }))
    this.more = line.more
  }

  async #follow(mine: AbortController, component: string, all: boolean) {
    for (let wait = 500; mine === this.#asking; wait = Math.min(wait * 2, longest)) {
      if (document.hidden) await seen(mine.signal)
      const leave = new AbortController()
      let timer: ReturnType<typeof setTimeout> | undefined
      const gone = () => (document.hidden ? (timer = setTimeout(() => leave.abort(), hiddenFor)) : clearTimeout(timer))
      document.addEventListener('visibilitychange', gone)
      try {
        await stream<LiveSecond>(
          'POST',
          '/api/insights/live',
          { component, all },
          (line) => {
            if (mine !== this.#asking) return
            wait = 500
            this.#take(line)
          },
          AbortSignal.any([mine.signal, leave.signal]),
        )
      } catch (e) {
        if (mine === this.#asking && !leave.signal.aborted) this.problem = e
      } finally {
        clearTimeout(timer)
        document.removeEventListener('visibilitychange', gone)
      }
      await new Promise((done) => setTimeout(done, wait))
    }
  }
}

// seen waits until somebody looks.
const seen = (signal: AbortSignal) =>
  new Promise<void>((done) => {
    const look = () => {
      if (document.hidden && !signal.aborted) return
      document.removeEventListener('visibilitychange', look)
      done()
    }
    document.addEventListener('visibilitychange', look)
    signal.addEventListener('abort', look, { once: true })
  })

type Rate = 'requests' | 'requestsFailed' | 'dependencies' | 'dependenciesFailed' | 'exceptions'

// total is what instances did together in a second.
export function total(all: Iterable<LiveValues>): LiveValues {
  const sum: LiveValues = {
    requests: 0,
    requestsFailed: 0,
    requestMs: null,
    dependencies: 0,
    dependenciesFailed: 0,
    dependencyMs: null,
    exceptions: 0,
    cpu: null,
    memory: null,
  }
  let [requests, calls] = [0, 0]
  for (const v of all) {
    for (const k of ['requests', 'requestsFailed', 'dependencies', 'dependenciesFailed', 'exceptions'] as Rate[])
      sum[k] += v[k]
    requests += (v.requestMs ?? 0) * v.requests
    calls += (v.dependencyMs ?? 0) * v.dependencies
    if (v.cpu !== null) sum.cpu = (sum.cpu ?? 0) + v.cpu
    if (v.memory !== null) sum.memory = (sum.memory ?? 0) + v.memory
  }
  if (sum.requests) sum.requestMs = requests / sum.requests
  if (sum.dependencies) sum.dependencyMs = calls / sum.dependencies
  return sum
}

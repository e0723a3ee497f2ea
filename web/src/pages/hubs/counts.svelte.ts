// How many events came in each bucket of the page's range of time.
import { untrack } from 'svelte'
import { call, latest } from '../../lib/api'
import type { Times } from '../../lib/range.svelte'
import type { HubCounts } from '../../lib/types'
import { verb, type Which } from './hub'

const buckets = 60
const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400].map((s) => s * 1000)

// stepOf is the bucket for a span: a round one, so that the bars stay in place
// while time goes on.
export const stepOf = (span: number) => steps.find((s) => span / s <= buckets) ?? steps.at(-1)!

export class Counts {
  t = $state.raw<number[]>([])
  count = $state.raw<number[]>([])
  step = $state(1000)
  problem = $state.raw<unknown>(null)

  constructor(which: () => Which, time: Times) {
    const asking = latest()
    let last = ''
    let lastAt = 0
    $effect(() => {
      const w = which()
      const { from, to, live } = time.span
      untrack(() => {
        const key = JSON.stringify([w, time.range])
        if (document.hidden || (key === last && (!live || Date.now() - lastAt < 2000))) return
        if (key !== last) [this.t, this.count] = [[], []]
        ;[last, lastAt] = [key, Date.now()]
        const step = stepOf(to - from)
        const first = Math.floor(from / step) * step
        const end = Math.ceil(to / step) * step
        const n = Math.max(1, Math.round((end - first) / step))
        void asking.ask(
          call<HubCounts>('GET', `${verb(w, 'count')}?from=${first}&to=${first + n * step}&buckets=${n}`),
          (c) => ([this.t, this.count, this.step, this.problem] = [c.t, c.count, c.step, null]),
          (e) => (this.problem = e),
        )
      })
    })
  }
}

// The time that a dashboard shows: every tile's own window until somebody
// chooses one for all.
import { Times } from '../../lib/range.svelte'
import { query } from '../../lib/router.svelte'

export class BoardTimes extends Times {
  constructor() {
    super({ from: 'own', to: 'now' })
  }

  // own: no time was chosen.
  get own(): boolean {
    return query.get('from') === null
  }

  // topic is that of a dashboard's tiles over this time, or undefined when the
  // time is over.
  topic(name: string): string | undefined {
    if (this.range.to !== 'now') return undefined
    if (this.own) return 'dashboard:' + name
    const s = this.span
    return `dashboard:${name}@${Math.max(1, Math.min(9_999_999, Math.round((s.to - s.from) / 1000)))}`
  }
}

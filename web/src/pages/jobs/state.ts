// How a job is, as a mark.
import type { State } from '../../ui/types'

const marks: Record<string, State> = {
  starting: 'busy',
  running: 'ok',
  degraded: 'bad',
  stopping: 'busy',
  stopped: 'off',
  failed: 'bad',
}

export function markOf(j: {
  state: string
  failed?: string
  late: boolean
  warnings: number | readonly unknown[]
}): State {
  const warned = typeof j.warnings === 'number' ? j.warnings > 0 : j.warnings.length > 0
  const mark = j.failed ? 'bad' : (marks[j.state] ?? 'ok')
  return mark === 'ok' && (warned || j.late) ? 'warn' : mark
}

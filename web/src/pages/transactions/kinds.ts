// What types of telemetry are called and how they look.
import { num } from '../../lib/format'
import { t, type Phrase } from '../../lib/i18n'
import type { Telemetry } from '../../lib/wire'
import type { IconName } from '../../shell/icons'
import type { State } from '../../ui/types'
import { words } from './words'

export const kinds: Record<string, { name: Phrase; many: Phrase; icon: IconName }> = {
  request: { name: words.request, many: words.requests, icon: 'arrow-right' },
  dependency: { name: words.dependency, many: words.dependencies, icon: 'external-link' },
  trace: { name: words.trace, many: words.traces, icon: 'scroll-text' },
  exception: { name: words.exception, many: words.exceptions, icon: 'circle-x' },
  event: { name: words.event, many: words.events, icon: 'star' },
  pageView: { name: words.pageView, many: words.pageViews, icon: 'eye' },
  availability: { name: words.availability, many: words.availabilities, icon: 'radio' },
}

const levels = [words.verbose, words.information, words.warning, words.error, words.critical]
export const levelWord = (n: number): string => t(levels[n] ?? words.error)

export function stateOf(r: Telemetry): State | undefined {
  if (r.bad || (r.severity ?? 0) >= 3) return 'bad'
  if (r.severity === 2) return 'warn'
  return r.code || r.kind === 'request' || r.kind === 'dependency' ? 'ok' : undefined
}

// outcome is a result code, or how much it matters.
export const outcome = (r: Telemetry): string =>
  r.severity != null && r.kind !== 'exception' ? levelWord(r.severity) : r.code

// length is a duration that is as long as it needs to be.
export function length(ms: number | null | undefined): string {
  if (ms == null) return ''
  if (ms < 1) return num(ms, 2) + ' ms'
  if (ms < 1000) return num(ms, ms < 10 ? 1 : 0) + ' ms'
  return num(ms / 1000, ms < 10_000 ? 2 : 1) + ' s'
}

// What writes numbers and times in the portal's language. Making one takes as long as
// a hundred uses of it, so each is made once.
import { prefs } from './prefs.svelte'

export const locale = () => (prefs.lang === 'ko' ? 'ko-KR' : 'en-GB')

const made = new Map<string, Intl.NumberFormat>()

// numbers writes with from least to most decimals.
export function numbers(least: number, most: number): Intl.NumberFormat {
  const key = `${locale()} ${least} ${most}`
  let it = made.get(key)
  if (!it)
    made.set(key, (it = new Intl.NumberFormat(locale(), { minimumFractionDigits: least, maximumFractionDigits: most })))
  return it
}

const clocks = new Map<string, Intl.DateTimeFormat>()

// clock writes the time of day, to the second.
export function clock(): Intl.DateTimeFormat {
  const key = locale()
  let it = clocks.get(key)
  const options = { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false } as const
  if (!it) clocks.set(key, (it = new Intl.DateTimeFormat(key, options)))
  return it
}

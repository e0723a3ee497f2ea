// What writes numbers and times in the portal's language. Making one takes as long as
// a hundred uses of it, so each is made once.
import { prefs } from './prefs.svelte'

export const locale = () => (prefs.lang === 'ko' ? 'ko-KR' : 'en-GB')

const made = new Map<string, Intl.NumberFormat>()

// numbers writes with from least to most decimals.
function numbers(least: number, most: number): Intl.NumberFormat {
  const key = `${locale()} ${least} ${most}`
  let it = made.get(key)
  if (!it)
    made.set(key, (it = new Intl.NumberFormat(locale(), { minimumFractionDigits: least, maximumFractionDigits: most })))
  return it
}

// write is a number as its readers write it. Both languages write a small whole one
// as the program does; the first page has no others, and needs no formatter.
export function write(v: number, least: number, most: number): string {
  if (least === 0 && Number.isInteger(v) && Math.abs(v) < 1000) return String(v)
  return numbers(least, most).format(v)
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

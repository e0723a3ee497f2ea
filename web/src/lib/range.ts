// Ranges of time as an address holds them and as people type them.

// Range is two points: 'now', 'now-15m', or a moment (ISO text with a zone, or
// milliseconds since 1970).
export interface Range {
  from: string
  to: string
}

// Span is a range at a given now. live: its end moves with the clock.
export interface Span {
  from: number
  to: number
  live: boolean
}

export interface Zone {
  lang: 'en' | 'ko'
  utc: boolean
}

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

const widths: Record<string, number> = { s: second, m: minute, h: hour, d: day, w: 7 * day }
const unit = '(s|sec|seconds?|m|min|mins|minutes?|h|hours?|d|days?|w|weeks?|초|분|시간|일|주)'
const long: Record<string, string> = {
  ...{ sec: 's', second: 's', min: 'm', minute: 'm', hour: 'h', day: 'd', week: 'w' },
  ...{ 초: 's', 분: 'm', 시간: 'h', 일: 'd', 주: 'w' },
}
const short = (u: string) => long[u.replace(/s$/, '') || u] ?? u
const width = (n: string, u: string) => Number(n) * widths[short(u.toLowerCase())]

export const presets = ['now-5m', 'now-15m', 'now-1h', 'now-6h', 'now-24h', 'now-7d']

// at is the moment that a point of a range means.
export function at(point: string, now: number): number | null {
  if (point === 'now') return now
  const back = new RegExp(`^now-(\\d+)${unit}$`, 'i').exec(point)
  if (back) return now - width(back[1], back[2])
  if (/^\d{11,16}$/.test(point)) return Number(point)
  if (!/^\d{4}-\d\d-\d\dT/.test(point)) return null
  const ms = Date.parse(point)
  return Number.isNaN(ms) ? null : ms
}

// span is what a range means now; what cannot be read is the last 15 minutes.
export function span(range: Range, now: number): Span {
  const from = at(range.from, now)
  const to = at(range.to, now)
  if (from === null || to === null || from >= to) return { from: now - 15 * minute, to: now, live: true }
  return { from, to, live: range.to === 'now' }
}

export const last = (n: number, u: string): Range => ({ from: `now-${n}${u}`, to: 'now' })
export const fixed = (from: number, to: number): Range => ({ from: iso(from), to: iso(to) })
const iso = (ms: number) => new Date(Math.round(ms)).toISOString()

// around is a window of a width about a moment.
export const around = (ms: number, wide: number): Range => fixed(ms - wide / 2, ms + wide / 2)

// step goes back or on by the range's own width. What was live is fixed then,
// and what reaches now is live again.
export function step(range: Range, by: -1 | 1, now: number): Range {
  const s = span(range, now)
  const wide = s.to - s.from
  const to = s.to + by * wide
  if (to >= now) return by > 0 && s.live ? range : fixed(now - wide, now)
  return fixed(s.from + by * wide, to)
}

// parse reads what somebody typed: 15m, -2h, last 30 min, 최근 15분, 14:20-14:28,
// 14:20, today, yesterday, 2026-11-29, 2026-11-29 10:00 - 11:00. Times of day
// that would be in the future are yesterday's.
export function parse(typed: string, now: number, utc = false): Range | null {
  const text = typed
    .trim()
    .toLowerCase()
    .replace(/^(the )?(last|past)\s+|^최근\s*/, '')
  const back = new RegExp(`^-?(?:now-)?(\\d+)\\s*${unit}\\.?$`).exec(text)
  if (back) return Number(back[1]) > 0 ? last(Number(back[1]), short(back[2])) : null
  if (text === 'today' || text === '오늘') return { from: iso(midnight(now, utc)), to: 'now' }
  if (text === 'yesterday' || text === '어제') return fixed(midnight(midnight(now, utc) - 1, utc), midnight(now, utc))
  const ends = split(text)
  return ends ? between(ends[0], ends[1], now, utc) : whole(text, now, utc)
}

// split finds the dash between two ends; dates have dashes too.
function split(text: string): [string, string] | null {
  const apart = /^(.+?)(?:\s+(?:-|–|—|to|until)\s+|\s*(?:–|—|~|\.\.|\/)\s*)(.+)$/.exec(text)
  const clock = /^((?:\d{4}-\d\d-\d\d[ t])?\d{1,2}:[\d:.]+)-(.+)$/.exec(text)
  const m = clock ?? apart
  return m && [m[1].trim(), m[2].trim()]
}

function between(a: string, b: string, now: number, utc: boolean): Range | null {
  const begin = moment(a, now, utc, null)
  if (!begin) return null
  if (b === 'now' || b === '지금') return begin.ms < now ? { from: iso(begin.ms), to: 'now' } : null
  const end = moment(b, now, utc, begin)
  if (!end) return null
  let [from, to] = [begin.ms, end.ms + (end.clock ? 0 : day)]
  if (to < from && end.clock && begin.clock && !end.dated) from -= day // over midnight
  if (!begin.dated && !end.dated && from > now) [from, to] = [from - day, to - day]
  return from < to ? fixed(from, to) : null
}

function whole(text: string, now: number, utc: boolean): Range | null {
  const m = moment(text, now, utc, null)
  if (!m || (m.dated && m.ms >= now)) return null
  if (m.clock)
    return m.ms < now ? { from: iso(m.ms), to: 'now' } : m.dated ? null : { from: iso(m.ms - day), to: 'now' }
  return m.ms + day > now ? { from: iso(m.ms), to: 'now' } : fixed(m.ms, m.ms + day)
}

interface Moment {
  ms: number
  dated: boolean
  clock: boolean
}

const spelled = /^(?:(\d{4})-(\d\d)-(\d\d))?[ t]*(?:(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,3})\d*)?)?)?\s*(z|utc)?$/

// moment reads one end; without a date it is on the day of the other end, or
// today's.
function moment(text: string, now: number, utc: boolean, other: Moment | null): Moment | null {
  const ago = new RegExp(`^(?:now)?-(\\d+)\\s*${unit}$`).exec(text)
  if (ago) return { ms: now - width(ago[1], ago[2]), dated: true, clock: true }
  if (/^\d{11,16}$/.test(text)) return { ms: Number(text), dated: true, clock: true }
  const m = spelled.exec(text)
  if (!m || (!m[1] && !m[4])) return null
  const zero = utc || m[8] !== undefined
  const base = new Date(other?.dated ? other.ms : now)
  const date = m[1]
    ? [Number(m[1]), Number(m[2]) - 1, Number(m[3])]
    : zero
      ? [base.getUTCFullYear(), base.getUTCMonth(), base.getUTCDate()]
      : [base.getFullYear(), base.getMonth(), base.getDate()]
  const clock = [Number(m[4] ?? 0), Number(m[5] ?? 0), Number(m[6] ?? 0), Number((m[7] ?? '0').padEnd(3, '0'))]
  if (date[1] > 11 || date[2] > 31 || clock[0] > 24 || clock[1] > 59 || clock[2] > 59) return null
  const parts = [...date, ...clock] as [number, number, number, number, number, number, number]
  const ms = zero ? Date.UTC(...parts) : new Date(...parts).getTime()
  return { ms, dated: m[1] !== undefined || !!other?.dated, clock: m[4] !== undefined }
}

function midnight(ms: number, utc: boolean): number {
  if (utc) return Math.floor(ms / day) * day
  const d = new Date(ms)
  return new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime()
}

// show is a range in a few words: "Last 15 min", "14:20–14:28".
export function show(range: Range, zone: Zone, now: number): string {
  const back = range.to === 'now' && new RegExp(`^now-(\\d+)${unit}$`).exec(range.from)
  if (back) return lastWords(Number(back[1]), short(back[2]), zone.lang)
  const s = span(range, now)
  const far = midnight(s.from, zone.utc) !== midnight(now, zone.utc)
  const seconds = s.from % minute !== 0 || (s.to % minute !== 0 && !s.live)
  const from = stamp(s.from, zone, far, seconds)
  if (s.live) return zone.lang === 'ko' ? `${from}부터` : `Since ${from}`
  const same = midnight(s.from, zone.utc) === midnight(s.to, zone.utc)
  return `${from}–${stamp(s.to, zone, !same, seconds)}`
}

const english: Record<string, string> = { s: 's', m: 'min', h: 'h', d: 'd', w: 'wk' }
const korean: Record<string, string> = { s: '초', m: '분', h: '시간', d: '일', w: '주' }
const lastWords = (n: number, u: string, lang: 'en' | 'ko') =>
  lang === 'ko' ? `최근 ${n}${korean[u] ?? u}` : `Last ${n} ${english[u] ?? u}`

// stamp is a moment as the field of a range shows and reads it.
export function stamp(ms: number, zone: Zone, dated: boolean, seconds = true): string {
  const d = new Date(ms)
  const two = (n: number) => String(n).padStart(2, '0')
  const [y, mo, da, h, mi, s] = zone.utc
    ? [d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate(), d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds()]
    : [d.getFullYear(), d.getMonth(), d.getDate(), d.getHours(), d.getMinutes(), d.getSeconds()]
  const clock = `${two(h)}:${two(mi)}` + (seconds ? ':' + two(s) : '')
  return dated ? `${y}-${two(mo + 1)}-${two(da)} ${clock}` : clock
}

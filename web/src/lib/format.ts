import { clock as ofDay, write } from './locale'
import { clock, prefs } from './prefs.svelte'
import type { Text } from './types'

export function num(v: number | null | undefined, decimals?: number): string {
  if (v === null || v === undefined || !Number.isFinite(v)) return '–'
  const d = decimals ?? (Math.abs(v) >= 100 || Number.isInteger(v) ? 0 : Math.abs(v) >= 10 ? 1 : 2)
  return write(v, d, d)
}

// A rate, short enough for an arrow: 0, 0.3, 48, 1.2k.
export function rate(v: number): string {
  if (v < 0.05) return '0'
  if (v < 10) return v.toFixed(1)
  if (v < 1000) return v.toFixed(0)
  if (v < 100_000) return (v / 1000).toFixed(1) + 'k'
  return v < 1_000_000 ? (v / 1000).toFixed(0) + 'k' : (v / 1_000_000).toFixed(1) + 'M'
}

export function bytes(v: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  let i = 0
  while (v >= 1000 && i < units.length - 1) [v, i] = [v / 1000, i + 1]
  return (i === 0 ? v.toFixed(0) : v.toFixed(v < 10 ? 1 : 0)) + ' ' + units[i]
}

export function time(t: number | string): string {
  const d = new Date(t)
  return isNaN(d.getTime()) ? '–' : ofDay(d)
}

export function timeMs(t: number | string): string {
  return time(t) + '.' + String(new Date(t).getMilliseconds()).padStart(3, '0')
}

// Units of time, in the viewer's language.
const unit = (en: string, ko: string) => (prefs.lang === 'ko' ? ko : en)
export const perSecond = () => unit('/s', '/초')
export const seconds = (v: number, decimals?: number) => num(v, decimals) + unit(' s', '초')

export function span(ms: number): string {
  const [day, hour, minute, second] = prefs.lang === 'ko' ? ['일', '시간', '분', '초'] : ['d', 'h', 'm', 's']
  const s = Math.max(0, Math.floor(ms / 1000))
  if (s < 60) return s + second
  if (s < 3600) return Math.floor(s / 60) + minute + ' ' + (s % 60) + second
  if (s < 86400) return Math.floor(s / 3600) + hour + ' ' + Math.floor((s % 3600) / 60) + minute
  return Math.floor(s / 86400) + day + ' ' + Math.floor((s % 86400) / 3600) + hour
}

// A word of the data in the viewer's language, when the dashboard knows it.
export function named(names: Record<string, Text> | undefined, word: string): string {
  return names?.[word]?.[prefs.lang] ?? word
}

// A text of a definition in the viewer's language, else in any.
export function say(t: Text | undefined): string {
  if (!t) return ''
  return t[prefs.lang] ?? t.en ?? Object.values(t)[0] ?? ''
}

// How long ago something was, in the largest unit: 9 min ago, 9분 전.
export function ago(t: number | string, now = clock.now): string {
  const s = Math.max(0, Math.floor((now - new Date(t).getTime()) / 1000))
  if (!Number.isFinite(s)) return '–'
  const ko = prefs.lang === 'ko'
  if (s < 5) return ko ? '방금' : 'just now'
  const [n, unit] = s < 60 ? [s, 0] : s < 3600 ? [s / 60, 1] : s < 86400 ? [s / 3600, 2] : [s / 86400, 3]
  return Math.floor(n) + (ko ? ['초', '분', '시간', '일'][unit] + ' 전' : ' ' + ['s', 'min', 'h', 'd'][unit] + ' ago')
}

// Date and time to the second.
export function dateTime(t: number | string): string {
  const d = new Date(t)
  if (isNaN(d.getTime())) return '–'
  const two = (n: number) => String(n).padStart(2, '0')
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ${time(t)}`
}

// What the tiles say and how they look.
import { dictionary, t } from '../lib/i18n'
import { stamp } from '../lib/range'
import type { State } from '../lib/types'
import { zones } from '../lib/zone.svelte'
import type { State as Mark } from '../ui/types'

export const words = dictionary({
  noRows: ['No rows in this time', '이 기간에 행 없음'],
  newest: ['The newest row is of {time}.', '최근 행: {time}'],
  show: ['Show that time', '해당 시간 보기'],
  noValue: ['no value', '값 없음'],
  reading: ['Reading the past…', '과거 데이터 읽는 중…'],
  empty: ['No data yet', '아직 데이터 없음'],
  since: ['Older rows than {time} are not kept whole.', '{time} 이전 행은 전체를 보존하지 않습니다.'],
  left: ['+{n} not shown', '+{n}개 더 있음'],
  noAlarms: ['No alarms', '경보 없음'],
  ok: ['normal', '정상'],
  warn: ['warning', '주의'],
  alarm: ['alarm', '경보'],
  off: ['no data', '데이터 없음'],
  broken: ['This tile has a mistake', '이 타일에 실수가 있습니다'],
  line: ['line {line}, column {col}', '{line}번째 줄, {col}번째 문자'],
  map: ['Map', '지도'],
  sites: ['{n} {n|site|sites}', '지점 {n}개'],
  mapHint: ['Arrow keys move between sites, Enter opens one.', '화살표 키로 이동하고 Enter로 엽니다.'],
  lastHour: ['Last hour', '최근 1시간'],
  close: ['Close', '닫기'],
  stale: ['stale', '지연됨'],
})

// marks are the dashboards' states as the portal shows them.
export const marks: Record<State, Mark> = { ok: 'ok', warn: 'warn', alarm: 'bad', off: 'off' }

export const stateWord = (s: State) => t(words[s])

// seriesName is what rows are grouped by; a group without a value says so.
export const seriesName = (name: string, none: boolean | undefined) => (none ? t(words.noValue) : name)

// moment is a time, with its date when that is not today.
export function moment(at: number): string {
  const today = new Date().toDateString() === new Date(at).toDateString()
  return stamp(at, zones.zone, !today)
}

import { write } from './locale'
import { prefs } from './prefs.svelte'

// Phrase is a word or a sentence in English and Korean. {name} in it stands for
// a value, so that each language has its own order; {n|one|many} chooses by
// whether the value n is 1.
export type Phrase = readonly [string, string]

// dictionary is the words of a page.
export const dictionary = <K extends string>(words: Record<K, Phrase>): Readonly<Record<K, Phrase>> => words

// common are words that several pages need.
export const common = dictionary({
  add: ['Add', '추가'],
  all: ['All', '전체'],
  apply: ['Apply', '적용'],
  back: ['Back', '뒤로'],
  cancel: ['Cancel', '취소'],
  clear: ['Clear', '지우기'],
  close: ['Close', '닫기'],
  copied: ['Copied', '복사됨'],
  copy: ['Copy', '복사'],
  create: ['Create', '만들기'],
  details: ['Details', '세부 정보'],
  download: ['Download', '다운로드'],
  edit: ['Edit', '편집'],
  error: ['Error', '오류'],
  export: ['Export', '내보내기'],
  failing: ['Failing', '실패 중'],
  filter: ['Filter', '필터'],
  less: ['Less', '간단히'],
  live: ['Live', '실시간'],
  loading: ['Loading', '불러오는 중'],
  more: ['More', '더 보기'],
  name: ['Name', '이름'],
  next: ['Next', '다음'],
  none: ['None', '없음'],
  off: ['Off', '꺼짐'],
  on: ['On', '켜짐'],
  open: ['Open', '열기'],
  pause: ['Pause', '일시 중지'],
  paused: ['Paused', '일시 중지됨'],
  previous: ['Previous', '이전'],
  refresh: ['Refresh', '새로 고침'],
  reload: ['Reload', '다시 불러오기'],
  remove: ['Delete', '삭제'],
  resume: ['Resume', '다시 시작'],
  retry: ['Retry', '다시 시도'],
  reveal: ['Reveal', '표시'],
  run: ['Run', '실행'],
  save: ['Save', '저장'],
  saved: ['Saved', '저장됨'],
  search: ['Search', '검색'],
  send: ['Send', '보내기'],
  start: ['Start', '시작'],
  stop: ['Stop', '중지'],
  undo: ['Undo', '실행 취소'],
  unknown: ['Unknown', '알 수 없음'],
})

type Values = Record<string, string | number>

let other = false

// otherwise is what is said in the language that is not shown: people look for things
// by the words of either.
export function otherwise<T>(say: () => T): T {
  other = true
  try {
    return say()
  } finally {
    other = false
  }
}

// t is a word or a sentence in the viewer's language.
export function t(phrase: Phrase, values: Values = {}): string {
  return phrase[(prefs.lang === 'ko') === other ? 0 : 1].replace(
    /\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g,
    (all, name, one, many) => {
      const value = values[name]
      if (value === undefined) return all
      if (one !== undefined) return Number(value) === 1 ? one : many
      return typeof value === 'number' ? write(value, 0, 3) : value
    },
  )
}

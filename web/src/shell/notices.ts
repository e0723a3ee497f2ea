// What notices of each kind are called, and what they offer.

import type { Phrase } from '../lib/i18n'
import { dictionary } from '../lib/i18n'

const kinds: Record<string, Phrase> = dictionary({
  'build-failed': ['{subject}: the build failed', '{subject}: 빌드 실패'],
  'function-failing': ['{subject} began failing', '{subject}: 실패하기 시작'],
  'breaker-open': ['{subject}: its circuit breaker is open', '{subject}: 회로 차단기 열림'],
  'worker-lost': ['{subject}: its worker ended', '{subject}: 작업자 종료'],
  'job-failed': ['Stream job {subject} fails', '스트림 작업 {subject}: 실패'],
  'hub-lagging': ['{subject}: its lag grows', '{subject}: 지연 증가'],
  'board-broken': ['Dashboard {subject} has a mistake', '대시보드 {subject}: 오류'],
  'disk-low': ['The disk is nearly full', '디스크 공간 부족'],
  'log-failed': ['{subject} refuses writes: its log could not be synced', '{subject}: 로그 동기화 실패로 쓰기 거부'],
  dropped: ['{subject}: events were dropped', '{subject}: 이벤트 버림'],
})

const plain: Phrase = ['{subject}', '{subject}']

export const noticeText = (kind: string): Phrase => kinds[kind] ?? plain

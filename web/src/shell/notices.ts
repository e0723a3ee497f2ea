// What notices of each kind are called, and what they offer.

import type { Phrase } from '../lib/i18n'
import { dictionary } from '../lib/i18n'

const kinds: Record<string, Phrase> = dictionary({
  'build-failed': ['{subject}: the build failed', '{subject}: 빌드 실패'],
  'function-failing': ['{subject} began failing', '{subject}: 실패하기 시작'],
  'breaker-open': ['{subject}: its circuit breaker is open', '{subject}: 회로 차단기 열림'],
  'dead-letters': ['{subject}: dead letters came in', '{subject}: 배달 못 한 메시지 발생'],
  'worker-lost': ['{subject}: its worker ended', '{subject}: 작업자 종료'],
  'job-failed': ['Stream job {subject} fails', '스트림 작업 {subject}: 실패'],
  'job-late': ['Stream job {subject}: events come late', '스트림 작업 {subject}: 늦게 온 이벤트'],
  'job-early': ['Stream job {subject}: events are ahead of time', '스트림 작업 {subject}: 시간이 앞선 이벤트'],
  'job-clock': ['Stream job {subject}: a sender’s clock is wrong', '스트림 작업 {subject}: 생산자의 시계가 맞지 않음'],
  'job-key': ['Stream job {subject}: unexpected partition keys', '스트림 작업 {subject}: 예상과 다른 파티션 키'],
  'job-retention': [
    'Stream job {subject} lost events to retention',
    '스트림 작업 {subject}: 보존 기간이 지나 이벤트 손실',
  ],
  'job-reference': [
    'Stream job {subject}: reference data cannot be read',
    '스트림 작업 {subject}: 참조 데이터를 읽을 수 없음',
  ],
  'job-blob': ['Stream job {subject} passes over blobs', '스트림 작업 {subject}: 일부 블롭을 건너뜀'],
  'job-dropped': ['Stream job {subject} leaves out events or rows', '스트림 작업 {subject}: 이벤트 또는 행 제외'],
  poison: ['{subject}: poison messages wait', '{subject}: 포이즌 메시지 대기'],
  'hub-lagging': ['{subject}: its lag grows', '{subject}: 지연 증가'],
  'board-broken': ['Dashboard {subject} has a mistake', '대시보드 {subject}: 오류'],
  'restart-needed': ['{subject} waits for a restart', '{subject}: 다시 시작해야 적용됨'],
  undeclared: ['{subject} is not in lazuli.yaml any more', '{subject}: 이제 lazuli.yaml에 없음'],
  'disk-low': ['The disk is nearly full', '디스크 공간 부족'],
  'log-failed': ['{subject} refuses writes: its log could not be synced', '{subject}: 로그 동기화 실패로 쓰기 거부'],
  dropped: ['{subject}: events were dropped', '{subject}: 이벤트 버림'],
})

const plain: Phrase = ['{subject}', '{subject}']

export const noticeText = (kind: string): Phrase => kinds[kind] ?? plain

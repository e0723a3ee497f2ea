import { dictionary } from '../../lib/i18n'

// Words of dead letters and of the circuit breaker.
export const letterWords = dictionary({
  letters: ['Dead letters', '배달 못 한 메시지'],
  letter: ['Dead letter', '배달 못 한 메시지'],
  time: ['Failed at', '실패 시각'],
  at: ['Enqueued at', '들어온 시각'],
  error: ['Error', '오류'],
  item: ['Item', '항목'],
  attempts: ['Attempts', '시도'],
  redrives: ['Redrives', '다시 처리'],
  body: ['Body', '본문'],
  size: ['Size', '크기'],
  source: ['Came from', '출처'],
  stack: ['Stack', '스택'],
  binary: ['These bytes are no text', '텍스트가 아닌 바이트입니다'],
  cut: ['Only the beginning is shown', '앞부분만 표시합니다'],
  foreign: [
    'Something else put it there: all that is known is its body.',
    '다른 프로그램이 넣은 항목이라 본문만 알 수 있습니다.',
  ],
  none: ['Nothing failed for good', '끝내 실패한 항목이 없습니다'],
  noneMatch: ['No dead letter has this error', '이 오류로 실패한 항목이 없습니다'],
  noneText: [
    'What still fails after all retries is kept here, and can be sent to the function again.',
    '재시도를 모두 마친 뒤에도 실패한 항목을 보관하며, 함수에 다시 보낼 수 있습니다.',
  ],
  only: ['Part of the error', '오류의 일부'],
  redrive: ['Send again', '다시 보내기'],
  redriveTitle: ['Send dead letters to {name} again', '{name}: 배달 못 한 메시지 다시 보내기'],
  redriveAll: [
    'All that is in {place} for it runs again, one after the other. What succeeds is gone from there; what fails is put back with its count.',
    '{place}에 있는 이 함수의 항목을 하나씩 다시 실행합니다. 성공한 항목은 사라지고, 실패한 항목은 횟수와 함께 되돌아갑니다.',
  ],
  redriveSome: [
    'What is in {place} for it and failed with “{error}” runs again, one after the other. What succeeds is gone from there; what fails is put back with its count.',
    '{place}에 있는 이 함수의 항목 가운데 오류에 “{error}”라는 텍스트가 있는 것을 하나씩 다시 실행합니다. 성공한 항목은 사라지고, 실패한 항목은 횟수와 함께 되돌아갑니다.',
  ],
  redriving: ['Dead letters of {name} run again', '{name}: 다시 보내는 중'],
  breaker: ['Circuit breaker', '회로 차단기'],
  closed: ['closed: everything runs', '닫힘: 모두 실행'],
  closedFailures: ['closed, {n} {n|failure|failures} in a row', '닫힘, 연속 실패 {n}회'],
  open: ['open since {since}; tries again at {until}', '{since}부터 열림, {until}에 다시 시도'],
  halfOpen: ['half open: one run finds out', '반쯤 열림: 한 번 실행해 확인 중'],
  openTitle: [
    'The circuit breaker is open: events wait where they are',
    '회로 차단기가 열려 이벤트는 원본에서 기다립니다',
  ],
  openTitleHTTP: [
    'The circuit breaker is open: requests are answered with 503',
    '회로 차단기가 열려 요청에 503으로 응답합니다',
  ],
  openText: ['Next try {until}, after {n} that failed', '다음 시도 {until}, 실패한 시도 {n}회'],
  kept: ['{place} · {n} since the start', '{place} · 시작 이후 {n}개'],
})

import { dictionary } from '../../lib/i18n'

export const words = dictionary({
  sub: ['Who calls whom, how often, and what of it fails', '누가 누구를 얼마나 자주 호출하고 그중 무엇이 실패하는지'],
  role: ['Role', '역할'],
  target: ['Target', '대상'],
  rate: ['{n}/s', '{n}/초'],
  share: ['{n} % failed', '{n} % 실패'],
  requests: ['Requests', '요청'],
  calls: ['Calls', '호출'],
  triggered: ['Triggered', '트리거한 요청'],
  failed: ['Failed', '실패'],
  p95: ['95th percentile', '95번째 백분위수'],
  into: ['Called by', '호출하는 쪽'],
  outOf: ['Calls and triggers', '호출하거나 트리거하는 대상'],
  unknown: ['not counted', '집계되지 않음'],
  slowest: ['Took the most time', '시간이 가장 많이 걸린 작업'],
  transactions: ['Transactions', '트랜잭션'],
  none: ['Nothing was called in this time', '이 시간에 호출 없음'],
  noneText: [
    'Every request, binding and call of a function draws itself here; so does what an SDK of Application Insights sends.',
    '함수의 요청, 바인딩, 호출과 Application Insights SDK가 보낸 내용이 여기에 그려집니다.',
  ],
  rest: ['{n} more {n|node|nodes}: the least used are left out', '노드 {n}개 더 있음: 가장 적게 쓰인 것은 제외'],
  unnamed: ['(without a name)', '(이름 없음)'],
})

import { dictionary } from '../../lib/i18n'

export const words = dictionary({
  title: ['Logs', '로그'],
  lines: ['Lines', '로그 줄'],
  query: ['Query (KQL)', '쿼리(KQL)'],
})

import { dictionary } from '../../lib/i18n'

export const words = dictionary({
  title: ['Logs', '로그'],
})

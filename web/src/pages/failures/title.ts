import { dictionary } from '../../lib/i18n'

export const words = dictionary({
  title: ['Failures', '실패'],
})

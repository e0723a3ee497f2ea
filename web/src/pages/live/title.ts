import { dictionary } from '../../lib/i18n'

export const words = dictionary({
  title: ['Live metrics', '라이브 메트릭'],
})

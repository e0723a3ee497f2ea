import { dictionary } from '../../lib/i18n'

export const words = dictionary({
  title: ['Performance', '성능'],
})

import { dictionary } from '../../lib/i18n'

export const words = dictionary({
  title: ['Functions', '함수'],
})

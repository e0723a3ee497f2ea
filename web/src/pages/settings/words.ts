import { dictionary } from '../../lib/i18n'

export const words = dictionary({
  title: ['Settings', '설정'],
})

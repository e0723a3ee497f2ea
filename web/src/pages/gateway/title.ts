import { dictionary } from '../../lib/i18n'

export const words = dictionary({
  title: ['Gateway', '게이트웨이'],
})

import { dictionary } from '../../lib/i18n'

export const words = dictionary({
  title: ['Connect', '연결'],
})

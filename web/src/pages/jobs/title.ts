import { dictionary } from '../../lib/i18n'

export const words = dictionary({
  title: ['Stream jobs', '스트림 작업'],
})

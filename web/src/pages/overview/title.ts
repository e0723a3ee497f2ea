import { dictionary } from '../../lib/i18n'

export const words = dictionary({
  title: ['Overview', '개요'],
})

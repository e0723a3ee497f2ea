import { dictionary } from '../../lib/i18n'

export const words = dictionary({
  title: ['Application map', '애플리케이션 맵'],
})

import { dictionary } from '../../lib/i18n'

export const words = dictionary({
  title: ['Resources', '리소스'],
})

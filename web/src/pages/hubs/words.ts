import { dictionary } from '../../lib/i18n'

export const words = dictionary({
  title: ['Event Hubs', 'Event Hubs'],
})

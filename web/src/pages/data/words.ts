import { dictionary } from '../../lib/i18n'

export const words = dictionary({
  title: ['Cosmos DB', 'Cosmos DB'],
})

import { dictionary } from '../../lib/i18n'

export const title = dictionary({
  title: ['Cosmos DB', 'Cosmos DB'],
})

import { dictionary } from '../../lib/i18n'

export const words = dictionary({
  title: ['Transactions', '트랜잭션'],
})

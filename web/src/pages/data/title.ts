import { dictionary } from '../../lib/i18n'
import { usual } from '../../lib/places'

export const title = dictionary({
  title: ['Cosmos DB', 'Cosmos DB'],
  create: ['Create a database or a container', '데이터베이스 또는 컨테이너 만들기'],
  another: ['New container, new database', '새 컨테이너, 새 데이터베이스'],
  ask: ['Query {name}', '{name}: 쿼리'],
  item: ['New item in {name}', '{name}: 새 항목'],
  feed: ['Follow the change feed of {name}', '{name}: 변경 피드 따라가기'],
})

// titled is a database's name, with its account's where that is not the usual one.
export const titled = (account: string, database: string) => (account === usual ? database : `${account} / ${database}`)

import { dictionary } from '../../lib/i18n'

// What the shell needs before the page is loaded.
export const names = dictionary({
  title: ['Event Hubs', 'Event Hubs'],
  hub: ['event hub in {ns}', '{ns}의 이벤트 허브'],
  send: ['Send events to {name}', '{name}: 이벤트 보내기'],
  create: ['Create an event hub', '이벤트 허브 만들기'],
  another: ['New hub', '새 허브'],
  search: ['Search events of {name}', '{name}: 이벤트 검색'],
})

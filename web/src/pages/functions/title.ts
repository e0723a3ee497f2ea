import { dictionary } from '../../lib/i18n'

export const titles = dictionary({
  title: ['Functions', '함수'],
  function: ['Function', '함수'],
  app: ['Function app', '함수 앱'],
  test: ['Test {name}', '{name} 테스트'],
  failures: ['Failures of {name}', '{name} 실패'],
  logs: ['Logs of {name}', '{name} 로그'],
})

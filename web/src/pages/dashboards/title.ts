import { dictionary } from '../../lib/i18n'

export const words = dictionary({
  title: ['Dashboards', '대시보드'],
  dashboard: ['Dashboard', '대시보드'],
  make: ['New dashboard', '새 대시보드'],
  another: ['Create a dashboard', '대시보드 만들기'],
  edit: ['Edit dashboard {name}', '대시보드 {name}: 편집'],
  editing: ['Edit', '편집'],
})

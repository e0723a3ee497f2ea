import { dictionary } from '../../lib/i18n'

export const words = dictionary({
  title: ['Dashboards', '대시보드'],
})

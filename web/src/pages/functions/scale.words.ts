import { dictionary } from '../../lib/i18n'

// Words of scaling.
export const scaleWords = dictionary({
  scaling: ['Scaling', '크기 조정'],
  waiting: ['Waiting', '대기 중'],
  target: ['For one instance', '인스턴스당'],
  workers: ['Worker processes', '작업자 프로세스'],
  wants: ['Asks for', '필요'],
  instances: ['Instances on Azure', 'Azure 인스턴스'],
  counts: ['Processes and instances', '프로세스와 인스턴스'],
  of: ['of {n}', '/ {n}'],
})

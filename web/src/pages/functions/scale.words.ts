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
  process: ['Process', '프로세스'],
  group: ['Functions', '함수'],
  state: ['State', '상태'],
  language: ['Language', '언어'],
  running: ['In flight', '실행 중인 호출'],
  memory: ['Memory', '메모리'],
  starts: ['Starts', '시작 횟수'],
  since: ['Since', '상태가 바뀐 때'],
})

// States of a worker process.
export const processStates = dictionary({
  Starting: ['Starting', '시작 중'],
  Running: ['Running', '실행 중'],
  Restarting: ['Restarting', '다시 시작 중'],
  Error: ['Error', '오류'],
  Stopped: ['Stopped', '중지됨'],
})

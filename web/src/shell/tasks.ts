// What tasks of each kind are called.

import type { Phrase } from '../lib/i18n'
import { dictionary } from '../lib/i18n'

const kinds: Record<string, Phrase> = dictionary({
  export: ['Export of {subject}', '{subject} 내보내기'],
  import: ['Import into {subject}', '{subject}에 가져오기'],
  send: ['Events to {subject}', '{subject}에 이벤트 보내기'],
  replay: ['Replay to {subject}', '{subject}에 다시 보내기'],
  move: ['Messages of {subject} move back', '{subject}: 메시지를 원래 큐로'],
  redrive: ['Redrive of {subject}', '{subject} 다시 처리'],
})

const plain: Phrase = ['{subject}', '{subject}']

export const taskText = (kind: string): Phrase => kinds[kind] ?? plain

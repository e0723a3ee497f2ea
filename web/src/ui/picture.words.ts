import { dictionary } from '../lib/i18n'

export const pictureWords = dictionary({
  list: ['List or picture', '목록 또는 그림'],
  asList: ['List', '목록'],
  in: ['Zoom in', '확대'],
  out: ['Zoom out', '축소'],
  each: ['{rate}/s', '{rate}/초'],
  fit: ['Fit', '맞추기'],
})

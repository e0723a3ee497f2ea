import { dictionary } from '../../lib/i18n'

export const title = dictionary({
  title: ['Storage', '스토리지'],
  account: ['Storage account', '스토리지 계정'],
  create: ['Create a container for blobs', '블롭 컨테이너 만들기'],
  another: ['New blob container', '새 블롭 컨테이너'],
  upload: ['Upload to {name}', '{name}: 업로드'],
})

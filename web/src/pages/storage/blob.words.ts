import { dictionary } from '../../lib/i18n'

export const blobWords = dictionary({
  blobsN: ['{n} {n|blob|blobs}', 'Blob {n}개'],
  containersN: ['{n} {n|container|containers}', '컨테이너 {n}개'],
  container: ['Container', '컨테이너'],
  blobs: ['Blobs', 'Blob'],
  size: ['Size', '크기'],
})

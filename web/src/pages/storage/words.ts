import { dictionary } from '../../lib/i18n'

// Words of the frame; those of blobs, queues and tables are in their own files.
export const words = dictionary({
  views: ['What the account holds', '계정의 내용'],
  blobs: ['Blobs', '블롭'],
  queues: ['Queues', '큐'],
  tables: ['Tables', '테이블'],
  containers: ['Containers', '컨테이너'],
  filter: ['Filter by name', '이름으로 필터'],
  nothing: ['Nothing in it yet', '아직 비어 있습니다'],
  nothingText: [
    'Containers, queues and tables appear here when a client makes them, or you do.',
    '클라이언트나 사용자가 만든 컨테이너, 큐, 테이블이 여기에 나타납니다.',
  ],
  newContainer: ['New container', '새 컨테이너'],
  messagesN: ['{n} {n|message|messages}', '메시지 {n}개'],
  poisonN: ['{n} poison {n|message|messages}', '포이즌 메시지 {n}개'],
  entitiesN: ['{n} {n|entity|entities}', '엔터티 {n}개'],
  requests: ['Requests since the start', '시작 이후 요청'],
  failedN: ['{n} failed', '실패 {n}건'],
  loading: ['Loading…', '불러오는 중…'],
})

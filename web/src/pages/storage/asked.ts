// What clients asked of a container, queue or table, as a column of its list.
import { num, perSecond, rate } from '../../lib/format'
import { t } from '../../lib/i18n'
import type { Asked } from '../../lib/wire'
import type { Column } from '../../ui/types'
import { words } from './words'

function text({ requests, refused, failed, rate: now }: Asked): string {
  const parts = [num(requests)]
  if (now > 0) parts.push(rate(now) + perSecond())
  if (refused + failed > 0) parts.push(t(words.failedN, { n: refused + failed }))
  return parts.join(' · ')
}

export const askedColumn = <T extends { asked: Asked }>(): Column<T> => ({
  id: 'asked',
  name: t(words.requests),
  value: (x) => x.asked.requests,
  show: (x) => text(x.asked),
  width: 150,
  end: true,
  priority: 2,
})

// An item that was edited and not saved, with the version that the text is of.
import { clearDraft, draftOf, saveDraft } from '../../lib/draft'
import type { Container } from '../../lib/wire'

export interface ItemDraft {
  text: string
  etag: string // '' of a new item
  at: number
}

const key = (c: Container, rid: string) => `item.${c.account}/${c.id}/${rid}`

export function itemDraft(c: Container, rid: string): ItemDraft | null {
  try {
    const d = JSON.parse(draftOf(key(c, rid)) ?? 'null') as ItemDraft | null
    return d && typeof d.text === 'string' && typeof d.etag === 'string' ? d : null
  } catch {
    return null
  }
}

export const keepItemDraft = (c: Container, rid: string, text: string, etag: string) =>
  saveDraft(key(c, rid), JSON.stringify({ text, etag, at: Date.now() } satisfies ItemDraft))

export const dropItemDraft = (c: Container, rid: string) => clearDraft(key(c, rid))

// What is written and not yet saved, kept in this browser under a key.
import { keep, kept } from './kept'

const most = 200_000 // characters

export const draftOf = (key: string): string | null => kept('draft.' + key)
export const clearDraft = (key: string) => keep('draft.' + key, null)

export function saveDraft(key: string, text: string) {
  if (text.length <= most) keep('draft.' + key, text)
}

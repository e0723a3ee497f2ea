// What the server says, in the viewer's language as far as its sentences are known.

import { prefs } from './prefs.svelte'

let korean = $state.raw<((text: string) => string) | null>(null)
let asked = false

// said is a sentence of the server's. Those in Korean come with the first that is shown.
export function said(text: string): string {
  if (prefs.lang !== 'ko') return text
  if (!asked) {
    asked = true
    import('./sentences').then(
      (m) => (korean = m.inKorean),
      () => (asked = false),
    )
  }
  return korean ? korean(text) : text
}

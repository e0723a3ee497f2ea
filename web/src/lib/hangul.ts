// Hangul as it is typed: a syllable grows letter by letter, and who looks for
// something often types first consonants only.

const base = 0xac00
const leads = 'ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ'

const syllable = (c: string) => c >= '가' && c <= '힣'
const leadOf = (c: string) => leads[Math.floor((c.charCodeAt(0) - base) / (21 * 28))]
const open = (c: string) => (c.charCodeAt(0) - base) % 28 === 0 // without a final consonant

// begins reports whether what was typed may become the letter.
function begins(typed: string, letter: string): boolean {
  if (typed === letter) return true
  if (!syllable(letter)) return false
  if (leads.includes(typed)) return leadOf(letter) === typed
  if (!syllable(typed) || !open(typed)) return false
  const [t, l] = [typed.charCodeAt(0), letter.charCodeAt(0)]
  return l >= t && l < t + 28
}

export const hasHangul = (text: string) => /[ㄱ-ㅎ가-힣]/.test(text)

// findHangul is where in a text what was typed stands, -1: nowhere. Both are in
// small letters.
export function findHangul(typed: string, text: string): number {
  for (let at = 0; at + typed.length <= text.length; at++) {
    let i = 0
    while (i < typed.length && begins(typed[i], text[at + i])) i++
    if (i === typed.length) return at
  }
  return -1
}

// copied puts a text on the clipboard and says whether it is there. A text that
// is fetched first is handed to the browser as a promise where it takes one, so
// that the press still counts as the user's.
export async function copied(text: string | (() => string | Promise<string>)): Promise<boolean> {
  const get = async () => (typeof text === 'string' ? text : await text())
  try {
    if (!navigator.clipboard) return byHand(await get()) // no secure context
    if (typeof text === 'string') await navigator.clipboard.writeText(text)
    else {
      const blob = get().then((v) => new Blob([v], { type: 'text/plain' }))
      await navigator.clipboard.write([new ClipboardItem({ 'text/plain': blob })])
    }
    return true
  } catch {
    try {
      return byHand(await get())
    } catch {
      return false
    }
  }
}

// byHand is the way that works without a secure context: over a network name.
function byHand(text: string): boolean {
  const area = document.createElement('textarea')
  area.value = text
  area.setAttribute('aria-hidden', 'true')
  area.style.position = 'fixed'
  area.style.opacity = '0'
  const before = document.activeElement
  ;(before?.closest('dialog') ?? document.body).append(area)
  area.select()
  const ok = document.execCommand('copy')
  area.remove()
  if (before instanceof HTMLElement) before.focus()
  return ok
}

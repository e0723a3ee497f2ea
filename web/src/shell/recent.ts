// Where one was lately in this tab, the newest first.

const key = 'lazuli.recent'
const kept = 30

export function recent(): string[] {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? '[]') as string[]
  } catch {
    return []
  }
}

export function visited(to: string) {
  try {
    sessionStorage.setItem(key, JSON.stringify([to, ...recent().filter((r) => r !== to)].slice(0, kept)))
  } catch {
    // storage is switched off: nothing is remembered
  }
}

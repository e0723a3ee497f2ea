// Taste that this browser keeps: widths, hidden columns. Where storage is
// switched off it holds until the page is closed.

export function kept(key: string): string | null {
  try {
    return localStorage.getItem('lazuli.' + key)
  } catch {
    return null
  }
}

export function keep(key: string, value: string | null) {
  try {
    if (value === null) localStorage.removeItem('lazuli.' + key)
    else localStorage.setItem('lazuli.' + key, value)
  } catch {
    // storage is full or switched off
  }
}

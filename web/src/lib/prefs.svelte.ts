// What the viewer chose: language and theme. Kept in this browser.

export type Lang = 'en' | 'ko'
export type Theme = 'dark' | 'light'

function stored<T extends string>(key: string, allowed: readonly T[], fallback: T): T {
  try {
    const v = localStorage.getItem(key) as T | null
    return v && allowed.includes(v) ? v : fallback
  } catch {
    return fallback // storage is switched off
  }
}

function store(key: string, value: string) {
  try {
    localStorage.setItem(key, value)
  } catch {
    // storage is switched off: the choice holds until the page is closed
  }
}

export const prefs = $state({
  lang: stored<Lang>('lazuli.lang', ['en', 'ko'], navigator.language.startsWith('ko') ? 'ko' : 'en'),
  theme: stored<Theme>(
    'lazuli.theme',
    ['dark', 'light'],
    matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark',
  ),
})

export function setLang(lang: Lang) {
  prefs.lang = lang
  store('lazuli.lang', lang)
}

export function setTheme(theme: Theme) {
  prefs.theme = theme
  store('lazuli.theme', theme)
}

// One clock for everything that shows an age.
export const clock = $state({ now: Date.now() })
setInterval(() => (clock.now = Date.now()), 1000)

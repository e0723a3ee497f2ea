// What the viewer chose: taste only, kept in this browser.

export type Lang = 'en' | 'ko'
export type Theme = 'dark' | 'light'
export type Density = 'roomy' | 'normal' | 'dense'

function stored<T extends string>(key: string, allowed: readonly T[]): T | null {
  try {
    const v = localStorage.getItem('lazuli.' + key) as T | null
    return v && allowed.includes(v) ? v : null
  } catch {
    return null // storage is switched off
  }
}

function store(key: string, value: string | null) {
  try {
    if (value === null) localStorage.removeItem('lazuli.' + key)
    else localStorage.setItem('lazuli.' + key, value)
  } catch {
    // storage is switched off: the choice holds until the page is closed
  }
}

const light = matchMedia('(prefers-color-scheme: light)')
const system = (): Theme => (light.matches ? 'light' : 'dark')

class Prefs {
  lang = $state<Lang>(stored('lang', ['en', 'ko']) ?? (navigator.language.startsWith('ko') ? 'ko' : 'en'))
  // choice is null where the system decides.
  choice = $state<Theme | null>(stored('theme', ['dark', 'light']))
  system = $state<Theme>(system())
  theme = $derived<Theme>(this.choice ?? this.system)
  density = $state<Density>(stored('density', ['roomy', 'normal', 'dense']) ?? 'normal')
  rail = $state<'wide' | 'narrow'>(stored('rail', ['wide', 'narrow']) ?? 'wide')
  keys = $state<'on' | 'off'>(stored('keys', ['on', 'off']) ?? 'on') // of a single letter
}

export const prefs = new Prefs()
light.addEventListener('change', () => (prefs.system = system()))

export function setLang(lang: Lang) {
  prefs.lang = lang
  store('lang', lang)
}

export function setTheme(theme: Theme | null) {
  prefs.choice = theme
  store('theme', theme)
}

export function setDensity(density: Density) {
  prefs.density = density
  store('density', density)
}

export function setRail(rail: 'wide' | 'narrow') {
  prefs.rail = rail
  store('rail', rail)
}

export function setKeys(keys: 'on' | 'off') {
  prefs.keys = keys
  store('keys', keys)
}

// One clock for everything that shows an age.
export const clock = $state({ now: Date.now() })
setInterval(() => (clock.now = Date.now()), 1000)

// What the shell itself can do.

import { t } from '../lib/i18n'
import { live } from '../lib/live.svelte'
import { prefs, setDensity, setLang, setRail, setTheme, type Density } from '../lib/prefs.svelte'
import type { Action } from './page'
import { words } from './words'

const densities: Density[] = ['roomy', 'normal', 'dense']

export function commands(): Action[] {
  const dark = prefs.theme === 'dark'
  return [
    {
      id: 'theme',
      text: t(dark ? words.toLight : words.toDark),
      icon: dark ? 'sun' : 'moon',
      run: () => setTheme(dark ? 'light' : 'dark'),
    },
    {
      id: 'language',
      text: prefs.lang === 'en' ? '한국어로 보기' : 'Show in English',
      icon: 'languages',
      run: () => setLang(prefs.lang === 'en' ? 'ko' : 'en'),
    },
    ...densities
      .filter((d) => d !== prefs.density)
      .map((d) => ({
        id: 'density ' + d,
        text: t(words.rowsAre, { density: t(words[d]) }),
        icon: 'rows-3' as const,
        run: () => setDensity(d),
      })),
    {
      id: 'pause',
      text: t(live.paused ? words.resume : words.pause),
      icon: live.paused ? 'play' : 'pause',
      key: 'p',
      run: () => (live.paused ? live.resume() : live.pause()),
    },
    {
      id: 'rail',
      text: t(words.rail),
      icon: 'panel-left',
      key: '[',
      run: () => setRail(prefs.rail === 'wide' ? 'narrow' : 'wide'),
    },
    { id: 'copy', text: t(words.copyLink), icon: 'link', run: () => navigator.clipboard.writeText(location.href) },
  ]
}

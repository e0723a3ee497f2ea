// In which zone times are shown: this computer's, or UTC.
import { keep, kept } from './kept'
import { prefs } from './prefs.svelte'
import type { Zone } from './range'

class Zones {
  utc = $state(kept('utc') === 'on')

  get zone(): Zone {
    return { lang: prefs.lang, utc: this.utc }
  }

  set(utc: boolean) {
    this.utc = utc
    keep('utc', utc ? 'on' : 'off')
  }

  get name(): string {
    return this.utc ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone
  }
}

export const zones = new Zones()

import { prefs } from './prefs.svelte'

const coarse = matchMedia('(pointer: coarse)')
const phone = matchMedia('(max-width: 699.98px)')

// The heights of rows, px, by density (PORTAL.md §4): of tables, of lists.
const heights = { roomy: [36, 33], normal: [32, 29], dense: [26, 26] } as const

export const tableRow = () => (coarse.matches ? 44 : heights[prefs.density][0])
export const listRow = () => (coarse.matches || phone.matches ? 44 : heights[prefs.density][1])

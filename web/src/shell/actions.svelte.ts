// What can be done with what is selected on the page that is shown.

import { keys } from '../lib/keys.svelte'
import type { Action } from './page'

const lists: (() => Action[])[] = []

// actions adds actions to the palette, and their keys, while the component
// lives whose script calls it.
export function actions(list: () => Action[]) {
  $effect(() => {
    lists.unshift(list)
    return () => void lists.splice(lists.indexOf(list), 1)
  })
  keys(() => list().flatMap((a) => (a.key ? [{ key: a.key, text: a.text, run: a.run }] : [])))
}

export const here = (): Action[] => lists.flatMap((list) => list())

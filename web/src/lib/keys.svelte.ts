// Keys of the portal: pages and the shell say which they have; what is on top
// of the others answers. A key is written 'j', '?', 'Enter', 'Shift+Enter',
// 'Ctrl+K' (Cmd on a Mac), 'Alt+1', or 'g e' for one after the other.

import { untrack } from 'svelte'
import { prefs } from './prefs.svelte'

export interface Key {
  key: string
  text: string // what it does, in the viewer's language
  run: () => unknown // false: not mine, ask the next
  when?: () => boolean
}

const stack: (() => Key[])[] = []
const version = $state({ n: 0 })

// keys registers keys while the component lives whose script calls it. What is below
// gives way to all others, whichever was there first.
export function keys(list: () => Key[], { below = false } = {}) {
  $effect(() => {
    if (below) stack.push(list)
    else stack.unshift(list)
    untrack(() => version.n++)
    return () => {
      stack.splice(stack.indexOf(list), 1)
      untrack(() => version.n++)
    }
  })
}

// known are all keys that answer now, the topmost first.
export function known(): Key[] {
  void version.n
  const seen = new Set<string>()
  return stack.flatMap((list) => list()).filter((k) => (!k.when || k.when()) && !seen.has(k.key) && seen.add(k.key))
}

const mac = navigator.platform.startsWith('Mac')

// shown is how a key is called on this machine, in parts.
export const shown = (key: string): string[] =>
  key.includes(' ')
    ? key.split(' ').map((k) => k.toUpperCase())
    : key.split('+').map((k) => (k === 'Ctrl' && mac ? '⌘' : k.length === 1 ? k.toUpperCase() : k))

// nameOf is an event's key as it is written above. Where the keyboard writes
// Hangul, the key's place counts.
function nameOf(e: KeyboardEvent): string {
  const key = e.key.length === 1 && e.key > '~' && /^Key[A-Z]$/.test(e.code) ? e.code.slice(3).toLowerCase() : e.key
  const command = mac ? e.metaKey : e.ctrlKey
  const plain = command || e.altKey ? key.toUpperCase() : key
  return (
    (command ? 'Ctrl+' : '') +
    (e.altKey ? 'Alt+' : '') +
    (e.shiftKey && key.length > 1 ? 'Shift+' : '') +
    (key.length === 1 ? plain : key)
  )
}

const writes =
  'input:not([type=checkbox], [type=radio], [type=range], [type=button]), textarea, select, [contenteditable], [role=textbox]'

function typing(e: Event): boolean {
  const at = e.composedPath()[0]
  return at instanceof Element && at.closest(writes) !== null
}

const pressed = (e: Event) => {
  const at = e.composedPath()[0]
  return at instanceof Element && at.closest('a, button, summary, [role=button]') !== null
}

let first = '' // of a pair
let timer = 0

function find(name: string): boolean {
  for (const list of stack)
    for (const k of list()) if (k.key === name && (!k.when || k.when()) && k.run() !== false) return true
  return false
}

const opens = (name: string) => stack.some((list) => list().some((k) => k.key.startsWith(name + ' ')))

function press(e: KeyboardEvent) {
  if (e.defaultPrevented || e.isComposing || ['Control', 'Shift', 'Alt', 'Meta'].includes(e.key)) return
  const name = nameOf(e)
  const letter = [...name].length === 1 && name !== ' '
  if (!name.startsWith('Ctrl+') && !name.startsWith('Alt+')) {
    if (typing(e) || document.querySelector('dialog[open]')) return
    if (letter && prefs.keys === 'off') return
    if (name === 'Enter' && pressed(e)) return
  }
  const pair = first && letter ? first + ' ' + name : ''
  first = ''
  if ((pair && find(pair)) || find(name)) e.preventDefault()
  else if (letter && !pair && opens(name)) {
    first = name
    clearTimeout(timer)
    timer = window.setTimeout(() => (first = ''), 1500)
  }
}

addEventListener('keydown', press)

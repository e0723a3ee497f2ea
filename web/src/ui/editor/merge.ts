// Two texts beside each other, or one under the other where there is no room.
import { MergeView, unifiedMergeView } from '@codemirror/merge'
import { EditorState } from '@codemirror/state'
import { EditorView, lineNumbers } from '@codemirror/view'
import type { Language } from '../types'
import { common, rootOf } from './codemirror'
import { languageOf } from './languages'

export interface Pair {
  before: string
  after: string
  language: Language
  label: string
  wide: boolean
}

export async function compare(host: HTMLElement, p: Pair): Promise<() => void> {
  const { root, parent } = rootOf(host)
  const base = [
    lineNumbers(),
    common(),
    await languageOf(p.language),
    EditorState.readOnly.of(true),
    EditorView.contentAttributes.of({ 'aria-label': p.label }),
  ]
  const collapse = { margin: 3, minSize: 6 }
  if (p.wide) {
    const view = new MergeView({
      root,
      parent,
      a: { doc: p.before, extensions: base },
      b: { doc: p.after, extensions: base },
      collapseUnchanged: collapse,
      gutter: true,
    })
    return () => view.destroy()
  }
  const view = new EditorView({
    root,
    parent,
    doc: p.after,
    extensions: [
      base,
      unifiedMergeView({ original: p.before, mergeControls: false, collapseUnchanged: collapse, gutter: true }),
    ],
  })
  return () => view.destroy()
}

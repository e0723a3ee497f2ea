// CodeMirror as the portal's editor.
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  completionStatus,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { bracketMatching, codeFolding, foldGutter, foldKeymap, indentOnInput } from '@codemirror/language'
import { lintKeymap, setDiagnostics } from '@codemirror/lint'
import { highlightSelectionMatches, searchKeymap, searchPanelOpen } from '@codemirror/search'
import { Compartment, EditorState, Prec } from '@codemirror/state'
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder as hint,
  tooltips,
} from '@codemirror/view'
import { plain } from '../../lib/marks'
import type { Diagnostic, Language, Schema } from '../types'
import { suggestions } from './complete'
import { languageOf } from './languages'
import { looks } from './theme'

export interface Options {
  text: string
  language: Language
  label: string
  readonly: boolean
  placeholder: string
  schema: () => Schema | undefined
  changed: (text: string) => void
  run: (text: string, selection: string) => void
  runs: boolean
}

export interface Handle {
  set: (text: string) => void
  say: (problems: readonly Diagnostic[]) => void
  lock: (readonly: boolean) => void
  speak: (language: Language) => Promise<void>
  focus: () => void
  goto: (line: number, column: number) => void
  close: () => void
}

// rootOf is the shadow root in which the editor's styles may be: constructed
// sheets, which the policy of the page does not refuse.
export function rootOf(host: HTMLElement): { root: ShadowRoot; parent: HTMLElement } {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' })
  root.replaceChildren()
  const parent = document.createElement('div')
  root.append(parent)
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(':host{display:block;height:100%}:host>*,div:first-child{height:100%}')
  root.adoptedStyleSheets = [sheet]
  return { root, parent }
}

const bidi =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g

export const common = () => [
  looks,
  highlightSpecialChars({
    specialChars: bidi,
    render: (code) => {
      const chip = document.createElement('span')
      chip.className = 'cm-odd'
      chip.textContent = plain(String.fromCodePoint(code)).replace(/[⟨⟩]/g, '')
      return chip
    },
  }),
  EditorState.phrases.of({}),
  EditorView.lineWrapping,
]

export async function open(host: HTMLElement, o: Options): Promise<Handle> {
  const { root, parent } = rootOf(host)
  const language = new Compartment()
  const readonly = new Compartment()
  let spoken = o.language
  let own = false // a change of ours is not the user's
  const run = (view: EditorView) => {
    const { from, to } = view.state.selection.main
    o.run(view.state.doc.toString(), view.state.sliceDoc(from, to))
    return true
  }
  // Esc, then Tab leaves the editor (WCAG 2.1.2): after Esc Tab does not indent. In a
  // dialog, which Esc closes, the first one is the editor's.
  let escaped = false
  const inDialog = host.closest('dialog') !== null
  function escape(v: EditorView): boolean {
    const first = !escaped
    escaped = true
    return first && inDialog && completionStatus(v.state) === null && !searchPanelOpen(v.state)
  }
  const leave = keymap.of([
    { key: 'Escape', run: escape },
    { any: (_, e) => ((escaped &&= e.key === 'Tab' || e.key === 'Shift' || e.key === 'Escape'), false) },
  ])
  const indent = keymap.of([
    {
      key: 'Tab',
      run: (v) => (escaped || o.language === 'text' ? false : indentWithTab.run!(v)),
      shift: (v) => (escaped ? false : indentWithTab.shift!(v)),
    },
  ])
  const view = new EditorView({
    root,
    parent,
    state: EditorState.create({
      doc: o.text,
      extensions: [
        Prec.highest(leave),
        o.runs ? Prec.highest(keymap.of([{ key: 'Mod-Enter', run }])) : [],
        lineNumbers(),
        foldGutter({ openText: '▾', closedText: '▸' }),
        codeFolding(),
        history(),
        drawSelection(),
        EditorState.allowMultipleSelections.of(true),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        autocompletion({ override: [suggestions(() => spoken, o.schema)], icons: false }),
        highlightActiveLine(),
        highlightSelectionMatches(),
        common(),
        keymap.of([
          ...closeBracketsKeymap,
          ...defaultKeymap.filter((k) => k.key !== 'Mod-Enter'),
          ...searchKeymap,
          ...historyKeymap,
          ...foldKeymap,
          ...completionKeymap,
          ...lintKeymap,
        ]),
        indent,
        tooltips({ parent, position: 'fixed' }),
        hint(o.placeholder),
        language.of(await languageOf(o.language)),
        readonly.of([EditorState.readOnly.of(o.readonly)]),
        EditorView.contentAttributes.of({
          'aria-label': o.label,
          tabindex: '0',
          spellcheck: 'false',
          autocapitalize: 'off',
        }),
        EditorView.updateListener.of((u) => {
          if (u.docChanged && !own) o.changed(u.state.doc.toString())
        }),
      ],
    }),
  })
  return {
    set(text) {
      if (text === view.state.doc.toString()) return
      own = true
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } })
      own = false
    },
    say(problems) {
      view.dispatch(
        setDiagnostics(
          view.state,
          problems.map((p) => placed(view.state, p)),
        ),
      )
    },
    lock(on) {
      view.dispatch({ effects: readonly.reconfigure([EditorState.readOnly.of(on)]) })
    },
    async speak(next) {
      if (next === spoken) return
      spoken = next
      const made = await languageOf(next)
      view.dispatch({ effects: language.reconfigure(made) })
    },
    focus: () => view.focus(),
    goto(line, column) {
      const at = offset(view.state, line, column)
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: 'center' }) })
    },
    close: () => view.destroy(),
  }
}

function offset(state: EditorState, line: number, column: number): number {
  const l = state.doc.line(Math.max(1, Math.min(state.doc.lines, line)))
  return Math.min(l.to, l.from + Math.max(0, column - 1))
}

// placed underlines a word where the server names only where it begins.
function placed(state: EditorState, p: Diagnostic) {
  let from = offset(state, p.line, p.column)
  const word = /^[\w$@.]+/.exec(state.sliceDoc(from, from + 80))?.[0].length
  let to = Math.min(state.doc.length, from + (p.length ?? word ?? 1))
  if (to <= from) [from, to] = [Math.max(0, to - 1), to]
  return { from, to, severity: p.severity ?? ('error' as const), message: p.message }
}

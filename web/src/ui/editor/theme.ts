import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { EditorView } from '@codemirror/view'
import { tags as t } from '@lezer/highlight'

// The editor in the portal's colours: its variables reach into the shadow root.
const theme = EditorView.theme({
  '&': { height: '100%', color: 'var(--text)', backgroundColor: 'transparent', font: 'var(--code)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { font: 'var(--code)', lineHeight: '1.5385rem', overflow: 'auto' },
  '.cm-content': { caretColor: 'var(--text)', padding: '6px 0' },
  '.cm-cursor': { borderLeftColor: 'var(--text)', borderLeftWidth: '2px' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--t3)', border: 'none' },
  '.cm-lineNumbers .cm-gutterElement': { minWidth: '24px', padding: '0 4px 0 8px' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--hover) 60%, transparent)' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': {
    backgroundColor: 'var(--chosen)',
  },
  '.cm-selectionMatch': { backgroundColor: 'var(--info-ground)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': {
    backgroundColor: 'var(--info-ground)',
    outline: '1px solid var(--edge)',
  },
  '.cm-foldPlaceholder': { backgroundColor: 'var(--hover)', border: 'none', color: 'var(--t2)', padding: '0 4px' },
  '.cm-placeholder': { color: 'var(--t3)' },
  '.cm-odd': {
    padding: '0 4px',
    margin: '0 1px',
    borderRadius: 'var(--r-chip)',
    backgroundColor: 'var(--warn-ground)',
    color: 'var(--warn)',
    font: '620 0.84em var(--font)',
  },
  '.cm-tooltip': {
    border: '1px solid var(--edge)',
    borderRadius: 'var(--r)',
    backgroundColor: 'var(--pane)',
    color: 'var(--text)',
    boxShadow: 'var(--shadow)',
    overflow: 'hidden',
  },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { font: 'var(--code)', maxHeight: '220px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 10px' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--chosen)', color: 'var(--text)' },
  '.cm-completionDetail': { color: 'var(--t3)', fontStyle: 'normal', marginLeft: '12px' },
  '.cm-completionInfo': { padding: '6px 10px', font: 'var(--label)' },
  '.cm-completionMatchedText': { textDecoration: 'none', color: 'var(--accent)' },
  '.cm-diagnostic': { padding: '4px 10px', font: 'var(--label)', borderLeftWidth: '3px' },
  '.cm-diagnostic-error': { borderLeftColor: 'var(--bad)' },
  '.cm-diagnostic-warning': { borderLeftColor: 'var(--warn)' },
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--bad)',
    textUnderlineOffset: '3px',
  },
  '.cm-lintRange-warning': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--warn)',
    textUnderlineOffset: '3px',
  },
  '.cm-panels': { backgroundColor: 'var(--pane)', color: 'var(--text)', borderColor: 'var(--line)' },
  '.cm-textfield': {
    backgroundColor: 'var(--canvas)',
    border: '1px solid var(--input-edge)',
    borderRadius: 'var(--r-chip)',
    color: 'var(--text)',
  },
  '.cm-button': {
    backgroundImage: 'none',
    backgroundColor: 'var(--hover)',
    border: '1px solid var(--edge)',
    borderRadius: 'var(--r-chip)',
    color: 'var(--text)',
  },
  '.cm-searchMatch': { backgroundColor: 'var(--warn-ground)' },
  '.cm-searchMatch-selected': { outline: '1px solid var(--warn)' },
  '.cm-mergeView, .cm-mergeViewEditors': { height: '100%' },
  '.cm-deletedChunk, &.cm-merge-a .cm-changedLine': { backgroundColor: 'var(--bad-ground)' },
  '&.cm-merge-b .cm-changedLine, .cm-insertedLine': { backgroundColor: 'var(--ok-ground)' },
  '&.cm-merge-a .cm-changedText, .cm-deletedText': {
    background: 'color-mix(in srgb, var(--bad) 12%, transparent)',
    textDecoration: 'none',
  },
  '&.cm-merge-b .cm-changedText': { background: 'color-mix(in srgb, var(--ok) 12%, transparent)' },
  '.cm-deletedChunk *, .cm-changedLine *, .cm-insertedLine *': { color: 'var(--text)' },
  '.cm-collapsedLines': { backgroundImage: 'none', backgroundColor: 'var(--hover)', color: 'var(--t2)' },
})

const style = HighlightStyle.define([
  { tag: [t.keyword, t.operatorKeyword, t.modifier], color: 'var(--c4)' },
  { tag: [t.string, t.special(t.string), t.attributeValue], color: 'var(--c2)' },
  { tag: [t.number, t.bool, t.null, t.atom], color: 'var(--c5)' },
  { tag: [t.propertyName, t.attributeName], color: 'var(--accent)' },
  { tag: [t.function(t.variableName), t.standard(t.name)], color: 'var(--c6)' },
  { tag: [t.tagName, t.typeName], color: 'var(--c4)' },
  { tag: [t.comment, t.meta, t.processingInstruction], color: 'var(--t3)' },
  { tag: t.invalid, color: 'var(--bad)' },
])

export const looks = [theme, syntaxHighlighting(style)]

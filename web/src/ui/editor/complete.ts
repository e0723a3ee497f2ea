// What can be written here: the language's words, and what the page knows of the
// data.
import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete'
import type { Language, Schema } from '../types'
import { languageWords } from './words'

const upper = (w: string) => w.toUpperCase()

function own(language: Language): Completion[] {
  if (!(language in languageWords)) return []
  const { keywords, functions } = languageWords[language as keyof typeof languageWords]
  const say = language === 'kql' ? (w: string) => w : upper
  return [
    ...keywords.map((w) => ({ label: say(w), type: 'keyword' })),
    ...functions.map((w) => ({ label: say(w), type: 'function', detail: '()', apply: say(w) + '(' })),
  ]
}

export function suggestions(language: () => Language, schema: () => Schema | undefined) {
  return async (c: CompletionContext): Promise<CompletionResult | null> => {
    const word = c.matchBefore(/[\p{L}_$@][\p{L}\p{N}_$]*/u)
    const from = word?.from ?? c.pos
    const member = c.state.sliceDoc(Math.max(0, from - 1), from) === '.'
    if (!word && !c.explicit && !member) return null
    const known = schema()
    const before = c.state.sliceDoc(0, from)
    const names =
      typeof known === 'function'
        ? await known(before, word?.text ?? '')
        : [
            ...(known?.names ?? []).map((label) => ({ label, kind: 'property' })),
            ...(member ? [] : (known?.functions ?? []).map((label) => ({ label, kind: 'function' }))),
          ]
    const options: Completion[] = names.map((n) => ({
      label: n.label,
      type: n.kind ?? 'property',
      detail: 'detail' in n ? n.detail : undefined,
      info: 'info' in n ? n.info : undefined,
      boost: 10,
    }))
    if (!member) options.push(...own(language()))
    return options.length ? { from, options, validFor: /^[\p{L}\p{N}_$@]*$/u } : null
  }
}

// Languages: those of queries are told apart by their words; JSON and XML have
// grammars, each a chunk of its own.
import { LanguageSupport, StreamLanguage, type StreamParser, type StringStream } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import type { Language } from '../types'
import { languageWords, type Words } from './words'

interface State {
  within: string | null // the end of what is begun: a comment
}

function parser(words: Words, comment: RegExp, name: string): StreamParser<State> {
  const keywords = new Set(words.keywords)
  const functions = new Set(words.functions)
  return {
    name,
    startState: () => ({ within: null }),
    token(s, state) {
      if (state.within) return rest(s, state)
      if (s.eatSpace()) return null
      if (s.match(comment)) {
        s.skipToEnd()
        return 'comment'
      }
      if (s.match('/*')) {
        state.within = '*/'
        return rest(s, state)
      }
      const c = s.peek()!
      if (c === '"' || c === "'") return string(s, c)
      if (s.match(/^(0x[0-9a-f]+|\d+(\.\d+)?(e[+-]?\d+)?)([smhd]|ms)?\b/i)) return 'number'
      if (s.match(/^@[\w$]+/)) return 'atom'
      const word = s.match(/^[\p{L}_$][\p{L}\p{N}_$-]*/u) as RegExpMatchArray | null
      if (!word) {
        s.next()
        return null
      }
      const low = word[0].toLowerCase()
      if (['true', 'false', 'null', 'undefined'].includes(low)) return 'atom'
      const member = s.string.slice(0, s.start).endsWith('.')
      if (!member && keywords.has(low)) return 'keyword'
      if (functions.has(low) && /^\s*\(/.test(s.string.slice(s.pos))) return 'variableName.function'
      return member ? 'propertyName' : 'variableName'
    },
    languageData: {
      commentTokens: { line: name === 'kql' ? '//' : '--' },
      closeBrackets: { brackets: ['(', '[', '{', "'", '"'] },
    },
  }
}

function rest(s: StringStream, state: State) {
  if (s.skipTo(state.within!)) {
    s.match(state.within!)
    state.within = null
  } else s.skipToEnd()
  return 'comment'
}

function string(s: StringStream, quote: string) {
  s.next()
  for (let c = s.next(); c !== undefined && c !== null; c = s.next()) {
    if (c === '\\') s.next()
    else if (c === quote) break
  }
  return 'string'
}

const query = (l: keyof typeof languageWords) =>
  new LanguageSupport(StreamLanguage.define(parser(languageWords[l], l === 'kql' ? /^\/\// : /^--/, l)))

export async function languageOf(l: Language): Promise<Extension> {
  if (l === 'json') return (await import('@codemirror/lang-json')).json()
  if (l === 'xml') return (await import('@codemirror/lang-xml')).xml()
  return l === 'text' ? [] : query(l)
}

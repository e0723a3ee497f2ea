// A query of the stream language as lines of tokens, for reading only: the
// colours say what is a keyword, a function, a text, a number or a comment.

export type TokenKind = 'keyword' | 'call' | 'text' | 'number' | 'comment' | ''
export interface Token {
  kind: TokenKind
  text: string
}

const keywords = new Set(
  (
    'ALL AND APPLY AS ASC BETWEEN BIGINT BIT BY CASE CAST CREATE CROSS DESC DISTINCT DURATION ELSE END ESCAPE FALSE FLOAT FROM FULL GROUP HAVING IN INNER INTO IS JOIN LEFT LIKE LIMIT ' +
    'MATCH_RECOGNIZE MEASURES NOT NULL NVARCHAR ON OR ORDER OUTER OVER PARTITION PATTERN RECORD SELECT TABLE THEN TIMESTAMP TOP TRUE TRY_CAST UNION WHEN WHERE WITH ARRAY DATETIME DEFINE AFTER SKIP TO NEXT ROW PAST'
  ).split(' '),
)
const pattern =
  /(--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))|('(?:[^']|'')*'?|"[^"\n]*"?)|(\[[^\]\n]*\]?)|(\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b)|([\p{L}_][\p{L}\p{N}_]*)|(\s+|[^\s\p{L}\p{N}_'"[\-/]+|[-/\s\S])/gu

export function tokens(query: string): Token[][] {
  const lines: Token[][] = [[]]
  const add = (kind: TokenKind, text: string) => {
    text.split('\n').forEach((part, i) => {
      if (i) lines.push([])
      if (part) lines.at(-1)!.push({ kind, text: part })
    })
  }
  for (const m of query.replaceAll('\r\n', '\n').matchAll(pattern)) {
    const [all, comment, text, quoted, number, word] = m
    if (comment !== undefined) add('comment', all)
    else if (text !== undefined) add('text', all)
    else if (quoted !== undefined) add('', all)
    else if (number !== undefined) add('number', all)
    else if (word?.toUpperCase() === 'TIMESTAMP')
      add(/^\s+BY\b/i.test(query.slice(m.index + all.length, m.index + all.length + 12)) ? 'keyword' : '', all)
    else if (word !== undefined)
      add(
        /^\s*\(/.test(query.slice(m.index + all.length, m.index + all.length + 8)) && !keywords.has(word.toUpperCase())
          ? 'call'
          : keywords.has(word.toUpperCase())
            ? 'keyword'
            : '',
        all,
      )
    else add('', all)
  }
  return lines
}

// lineOfStep is the line, from 0, on which WITH names the step; -1 when it is
// not found.
export function lineOfStep(lines: Token[][], step: string): number {
  const want = step.toLowerCase()
  return lines.findIndex((line) => {
    const words = line.filter((t) => t.kind !== 'comment' && t.text.trim())
    return words.some(
      (t, i) => t.text.replace(/^\[|\]$/g, '').toLowerCase() === want && words[i + 1]?.text.toUpperCase() === 'AS',
    )
  })
}

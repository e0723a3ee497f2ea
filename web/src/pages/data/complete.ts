// What the query editor offers: keywords, functions, and the properties that the
// newest items have.
import type { ContainerSchema, SchemaPath } from '../../lib/wire'
import type { Suggestion } from '../../ui/types'

const keywords =
  'SELECT VALUE TOP DISTINCT FROM WHERE AND OR NOT IN BETWEEN LIKE EXISTS ARRAY JOIN GROUP BY ORDER BY ASC DESC OFFSET LIMIT AS UDF true false null undefined'.split(
    ' ',
  )

export const functions =
  `ABS ARRAY_CONCAT ARRAY_CONTAINS ARRAY_LENGTH ARRAY_SLICE AVG CEILING CONCAT CONTAINS COUNT DateTimeAdd DateTimeBin
  DateTimeDiff DateTimePart DateTimeToTimestamp ENDSWITH EXP FLOOR GetCurrentDateTime GetCurrentTimestamp IIF INDEX_OF
  IS_ARRAY IS_BOOL IS_DEFINED IS_NULL IS_NUMBER IS_OBJECT IS_PRIMITIVE IS_STRING LEFT LENGTH LOG LOWER LTRIM MAX MIN
  ObjectToArray POWER RegexMatch REPLACE REPLICATE REVERSE RIGHT ROUND RTRIM SetIntersect SetUnion SIGN SQRT STARTSWITH
  STRINGEQUALS StringSplit StringToArray StringToNumber StringToObject SUBSTRING SUM ToString TRIM TRUNC UPPER`.split(
    /\s+/,
  )

const identifier = /^[A-Za-z_]\w*$/

// aliases are the names that a query binds, with the path that each stands for.
export function aliases(text: string): Map<string, string[]> {
  const out = new Map<string, string[]>()
  for (const m of text.matchAll(/\bFROM\s+([A-Za-z_]\w*)(?:\s+(?:AS\s+)?([A-Za-z_]\w*))?/gi)) {
    const second = m[2] && !/^(WHERE|JOIN|ORDER|GROUP|OFFSET|IN)$/i.test(m[2]) ? m[2] : m[1]
    out.set(second, [])
  }
  for (const m of text.matchAll(/\b(?:JOIN|FROM)\s+([A-Za-z_]\w*)\s+IN\s+([A-Za-z_]\w*)((?:\.\w+)*)/gi)) {
    const from = out.get(m[2])
    if (from) out.set(m[1], [...from, ...m[3].split('.').slice(1), '[]'])
  }
  if (out.size === 0) out.set('c', [])
  return out
}

// completions answers for the text before the cursor in a whole text.
export function completions(schema: ContainerSchema | null, whole: string, before: string): Suggestion[] {
  const names = aliases(whole)
  const m = /([A-Za-z_]\w*)((?:\.\w+|\["[^"]*"\]|\[\d+\])*)\.\w*$/.exec(before)
  if (m && names.has(m[1])) return below(schema, [...names.get(m[1])!, ...steps(m[2])])
  return [
    ...[...names.keys()].map((label) => ({ label, kind: 'variable' })),
    ...[...names].flatMap(([alias, at]) =>
      below(schema, at)
        .slice(0, 60)
        .map((s) => ({ ...s, label: s.label.startsWith('[') ? alias + s.label : alias + '.' + s.label })),
    ),
    ...keywords.map((label) => ({ label, kind: 'keyword' })),
    ...functions.map((label) => ({ label: label + '(', kind: 'function' })),
  ]
}

function steps(text: string): string[] {
  return [...text.matchAll(/\.(\w+)|\["([^"]*)"\]|\[\d+\]/g)].map((m) => m[1] ?? m[2] ?? '[]')
}

function below(schema: ContainerSchema | null, at: readonly string[]): Suggestion[] {
  const children = (schema?.paths ?? []).filter(
    (p) => p.path.length === at.length + 1 && at.every((n, i) => p.path[i] === n) && p.path.at(-1) !== '[]',
  )
  return children.map((p) => {
    const name = p.path.at(-1)!
    return {
      label: identifier.test(name) ? name : `["${name.replaceAll('"', '\\"')}"]`,
      detail: p.kinds.join(' | '),
      info: examples(p),
      kind: 'property',
    }
  })
}

export const examples = (p: SchemaPath) =>
  p.values
    .slice(0, 3)
    .map((v) => v.value)
    .join(', ')

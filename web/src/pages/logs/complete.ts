// What the editor of Kusto queries offers: tables, the columns of those that the query
// names, and the names that it makes itself.
import type { KustoSchema } from '../../lib/wire'
import type { Suggestion } from '../../ui/types'

export function completions(schema: KustoSchema | null, whole: string, before: string): Suggestion[] {
  if (/\.\w*$/.test(before) || !schema) return []
  const tables = schema.tables.map((t) => ({ label: t.name, kind: 'class', detail: `${t.columns.length}` }))
  const words = new Set(whole.match(/[\p{L}_]\w*/gu) ?? [])
  const used = schema.tables.filter((t) => words.has(t.name))
  const columns = new Map<string, string>()
  for (const t of used.length ? used : schema.tables.slice(0, 4)) for (const c of t.columns) columns.set(c.name, c.kind)
  const own = [
    ...whole.matchAll(/(?:^|[|,(]|\b(?:let|extend|project|by|summarize))\s*([\p{L}_]\w*)\s*=(?![=~])/gu),
  ].map((m) => m[1])
  const begins = /(^|[;(\n]|\bunion|\bjoin[^|]*\()\s*$/.test(before)
  return [
    ...(begins || used.length === 0 ? tables : []),
    ...[...columns].map(([label, detail]) => ({ label, detail, kind: 'property' })),
    ...[...new Set(own)].map((label) => ({ label, kind: 'variable' })),
    ...(begins || used.length === 0 ? [] : tables),
  ]
}

// What the parts show of an error, whatever was thrown.

export interface Refusal {
  principal: string
  action: string
  scope: string
  command?: string
}

export interface Fault {
  message: string
  code?: string
  line?: number
  column?: number
  id?: string
  refused?: Refusal
}

const text = (v: unknown) => (typeof v === 'string' && v !== '' ? v : undefined)
const count = (v: unknown) => (typeof v === 'number' && v > 0 ? v : undefined)

export function faultOf(error: unknown): Fault {
  if (typeof error === 'string') return { message: error }
  if (typeof error !== 'object' || error === null) return { message: String(error) }
  const e = error as Record<string, unknown>
  const place = (typeof e.place === 'object' && e.place !== null ? e.place : e) as Record<string, unknown>
  const status = count(e.status)
  const code = text(e.code) ?? text(e.kind)
  return {
    message: text(e.message) ?? String(error),
    code: [status, code].filter(Boolean).join(' ') || undefined,
    line: count(place.line),
    column: count(place.column) ?? count(place.col),
    id: text(e.id) ?? text(e.requestId),
    refused: refusal(e.refused ?? e.forbidden),
  }
}

function refusal(v: unknown): Refusal | undefined {
  if (typeof v !== 'object' || v === null) return undefined
  const r = v as Record<string, unknown>
  const [principal, action, scope] = [text(r.principal), text(r.action), text(r.scope)]
  return principal && action && scope ? { principal, action, scope, command: text(r.command) } : undefined
}

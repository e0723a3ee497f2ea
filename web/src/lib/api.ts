// Calls of the JSON interface. A refusal becomes a Problem.

export class Problem extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly place?: { line: number; col: number; start: number; end: number },
  ) {
    super(message)
  }
}

export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const reply = await fetch(path, {
    method,
    headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
  })
  const text = await reply.text()
  if (!reply.ok) {
    const p = parse(text) as { error?: string; line?: number; col?: number; start?: number; end?: number } | null
    const place = p?.line ? { line: p.line, col: p.col ?? 1, start: p.start ?? 0, end: p.end ?? 0 } : undefined
    throw new Problem(p?.error ?? reply.statusText, reply.status, place)
  }
  return parse(text) as T
}

function parse(text: string): unknown {
  try {
    return text ? JSON.parse(text) : null
  } catch {
    return null
  }
}

export const path = (...parts: (string | number)[]) => '/api/' + parts.map((p) => encodeURIComponent(p)).join('/')

export function message(e: unknown): string {
  if (e instanceof Problem && e.place) return `${e.message} (${e.place.line}:${e.place.col})`
  return e instanceof Error ? e.message : String(e)
}

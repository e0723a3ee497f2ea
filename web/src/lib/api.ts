// Calls of the JSON interface: the only place that calls fetch. A refusal
// becomes a Problem.

import type { Place, ProblemBody } from './wire'

export class Problem extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly place?: Required<Place>,
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
    const p = parse(text) as Partial<ProblemBody> | null
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

// latest runs questions of which only the newest counts: an answer to an older
// one, or its failure, is dropped, however late it comes. forget drops all that
// are under way.
export function latest() {
  let asked = 0
  let done = 0
  return {
    async ask<T>(question: Promise<T>, use: (answer: T) => void, fail: (e: unknown) => void) {
      const mine = ++asked
      try {
        const answer = await question
        if (mine === asked) {
          done = mine
          use(answer)
        }
      } catch (e) {
        if (mine === asked) {
          done = mine
          fail(e)
        }
      }
    },
    forget() {
      done = ++asked
    },
    // waits says that an answer is still to come.
    waits: () => done !== asked,
  }
}

export const path = (...parts: (string | number)[]) => '/api/' + parts.map((p) => encodeURIComponent(p)).join('/')

export function message(e: unknown): string {
  if (e instanceof Problem && e.place) return `${e.message} (${e.place.line}:${e.place.col})`
  return e instanceof Error ? e.message : String(e)
}

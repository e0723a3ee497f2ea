// Calls of the JSON interface: the only place that calls fetch. A refusal
// becomes a Problem.

import type { Place, ProblemBody } from './wire'

export class Problem extends Error {
  constructor(
    message: string,
    readonly status: number, // 0: no answer came
    readonly place?: Required<Place>,
    readonly kind?: string,
    readonly id?: string, // of the request, where the server names it
  ) {
    super(message)
  }
}

export interface Init {
  signal?: AbortSignal
  headers?: Record<string, string>
}

export interface Answer<T> {
  body: T
  headers: Headers
  status: number
}

// raw asks and answers with what came, if it is no refusal.
export async function raw(method: string, path: string, body?: unknown, init: Init = {}): Promise<Response> {
  const plain = body === undefined || typeof body === 'string' || body instanceof Blob
  const headers = { ...(body === undefined || body instanceof Blob ? {} : json), ...init.headers }
  const reply = await fetch(path, {
    method,
    headers,
    signal: init.signal,
    body: plain ? (body as BodyInit | undefined) : JSON.stringify(body),
  })
  if (!reply.ok) throw problem(reply, await reply.text())
  return reply
}

const json = { 'Content-Type': 'application/json' }

function problem(reply: Response, text: string): Problem {
  const p = parse(text) as Partial<ProblemBody> | null
  const place = p?.line ? { line: p.line, col: p.col ?? 1, start: p.start ?? 0, end: p.end ?? 0 } : undefined
  const id = reply.headers.get('X-Request-Id') ?? undefined
  return new Problem(p?.error ?? (text || reply.statusText), reply.status, place, p?.kind, id)
}

export async function answer<T>(method: string, path: string, body?: unknown, init?: Init): Promise<Answer<T>> {
  const reply = await raw(method, path, body, init)
  return { body: parse(await reply.text()) as T, headers: reply.headers, status: reply.status }
}

export async function call<T>(method: string, path: string, body?: unknown, init?: Init): Promise<T> {
  return (await answer<T>(method, path, body, init)).body
}

// stream asks for an answer that is a JSON value a line, and hands each over as
// it comes. An aborted one ends without an error. A line {"error": …} is a
// refusal after the answer began.
export async function stream<T>(
  method: string,
  path: string,
  body: unknown,
  onLine: (line: T) => void,
  signal?: AbortSignal,
): Promise<void> {
  try {
    const reply = await raw(method, path, body, { signal })
    if (!reply.body) return
    const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader()
    let rest = ''
    for (;;) {
      const { done, value } = await reader.read()
      const lines = (rest + (value ?? '')).split('\n')
      rest = done ? '' : lines.pop()!
      for (const line of lines) if (line.trim()) onLine(checked<T>(reply, line))
      if (done) return
    }
  } catch (e) {
    if (signal?.aborted) return
    throw e
  }
}

function checked<T>(reply: Response, line: string): T {
  const value = JSON.parse(line) as T & Partial<ProblemBody>
  if (value && typeof value === 'object' && typeof value.error === 'string' && typeof value.kind === 'string')
    throw problem(reply, line)
  return value
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

// How an input that was kept is given again.
import type { Func, RunInput, RunOrder } from '../../lib/wire'
import { isHTTP } from './names'

export interface Request {
  method: string
  path: string
  headers?: Record<string, string[]>
  body?: string
  base64?: boolean
  removed?: string[]
}

// requestOf reads the request that an HTTP function was given.
export function requestOf(in_: RunInput): Request | null {
  if (!in_.http) return null
  try {
    return JSON.parse(in_.text) as Request
  } catch {
    return null
  }
}

// Headers that belong to the connection of before.
const own =
  /^(host|connection|accept-encoding|user-agent|traceparent|tracestate|content-length|transfer-encoding|x-ms-.*|sec-.*)$/i

const nothing: RunOrder = {
  method: '',
  path: '',
  query: {},
  headers: {},
  body: null,
  base64: false,
  noKey: false,
  input: '',
  batch: false,
}

export function orderOf(f: Func, in_: RunInput): RunOrder {
  const r = requestOf(in_)
  if (!isHTTP(f) || !r) return { ...nothing, input: in_.text, batch: in_.batch }
  const headers = Object.fromEntries(Object.entries(r.headers ?? {}).filter(([name]) => !own.test(name)))
  return { ...nothing, method: r.method, path: r.path, headers, body: r.body ?? '', base64: r.base64 ?? false }
}

export const order = (part: Partial<RunOrder>): RunOrder => ({ ...nothing, ...part })

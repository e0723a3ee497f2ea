// The language of the filter bars, as the server reads it (internal/filter):
//
//   filter = { term }                          all terms must hold
//   term   = [ "-" ] ( text | field op value { "," value } )
//   field  = segment { "." segment }           body.tempC, prop."my name"
//   op     = ":" | "=" | "!=" | ">" | ">=" | "<" | "<="
//   text, value, segment = word | '"' quoted '"', in which \" and \\ stand for themselves
//
// Blanks may stand around every operator but ":". Of a text ":" is "contains",
// without case; of a number it is equality; the value * is "is there at all".

export type Op = ':' | '=' | '!=' | '>' | '>=' | '<' | '<='

export interface Term {
  field: string | null // as it is written; null: text anywhere
  op: Op
  value: string // the values, joined by commas
  any: string[] // the values without quotes: any of them
  not: boolean
  from: number // where the term stands in the text
  to: number
}

// Wrong says what of the text is no term and why.
export interface Wrong {
  from: number
  to: number
  why: 'quote' | 'value' | 'field' | 'one'
}

export interface Filter {
  terms: Term[]
  wrong: Wrong[]
}

const word = /[^\s.:=<>"!]+|!(?!=)/uy
const operators: Op[] = [':', '!=', '>=', '<=', '=', '>', '<']

// parse reads a filter; after something wrong it goes on behind the next blank.
export function parse(q: string): Filter {
  const out: Filter = { terms: [], wrong: [] }
  const r = { q, i: 0 }
  for (;;) {
    blanks(r)
    if (r.i >= q.length) return out
    const from = r.i
    try {
      out.terms.push(term(r))
    } catch (wrong) {
      if (typeof wrong !== 'string') throw wrong
      while (r.i < q.length && !/\s/.test(q[r.i])) r.i++
      out.wrong.push({ from, to: Math.max(r.i, from + 1), why: wrong as Wrong['why'] })
    }
  }
}

interface Reader {
  q: string
  i: number
}

function blanks(r: Reader) {
  while (/\s/.test(r.q[r.i] ?? '')) r.i++
}

function term(r: Reader): Term {
  const from = r.i
  const not = r.q[r.i] === '-' && /\S/.test(r.q[r.i + 1] ?? '')
  if (not) r.i++
  const begin = r.i
  const segments = path(r)
  const field = r.q.slice(begin, r.i)
  const op = operator(r)
  if (!op) {
    const quoted = field.startsWith('"')
    const text = quoted ? segments.join('.') : field
    return { field: null, op: ':', value: text, any: [text], not, from, to: r.i }
  }
  if (field === '') throw 'field'
  if (op !== ':') blanks(r)
  const any = values(r)
  if (any.length > 1 && op !== ':' && op !== '=' && op !== '!=') throw 'one'
  return { field, op, value: any.join(','), any, not, from, to: r.i }
}

function path(r: Reader): string[] {
  const out: string[] = []
  for (;;) {
    let segment = ''
    if (r.q[r.i] === '"') segment = quoted(r)
    else for (let m = take(r, word); m !== null; m = take(r, word)) segment += m
    out.push(segment)
    if (r.q[r.i] !== '.') return out
    r.i++
  }
}

function operator(r: Reader): Op | null {
  const begin = r.i
  blanks(r)
  const op = operators.find((o) => r.q.startsWith(o, r.i) && (o !== ':' || r.i === begin))
  r.i = op ? r.i + op.length : begin
  return op ?? null
}

function values(r: Reader): string[] {
  const out: string[] = []
  for (;;) {
    const v = r.q[r.i] === '"' ? quoted(r) : take(r, /[^\s,]+/uy)
    if (v === null) throw 'value'
    out.push(v)
    if (r.q[r.i] !== ',') return out
    r.i++
  }
}

function quoted(r: Reader): string {
  const m = take(r, /"(?:[^"\\]|\\[^])*"/uy)
  if (m === null) {
    r.i = r.q.length
    throw 'quote'
  }
  return m.slice(1, -1).replace(/\\(["\\])/g, '$1')
}

function take(r: Reader, what: RegExp): string | null {
  what.lastIndex = r.i
  const m = what.exec(r.q)
  if (m === null) return null
  r.i += m[0].length
  return m[0]
}

type Bare = Omit<Term, 'from' | 'to'>

// write is the text that parse reads as these terms.
export const write = (terms: readonly Bare[]) => terms.map(show).join(' ')

export function show(t: Bare): string {
  const not = t.not ? '-' : ''
  if (t.field === null) return not + quote(t.value, /[\s":=<>]|!=|^-|^$/)
  return not + t.field + t.op + t.any.map((v) => quote(v, /[\s",]|^$/)).join(',')
}

const quote = (v: string, when: RegExp) => (when.test(v) ? '"' + v.replace(/["\\]/g, '\\$&') + '"' : v)

// segment is one part of a field's path as it is written.
export const segment = (name: string) => quote(name, /[\s".:=<>!]|^-|^$/)

const term1 = (field: string, value: string, op: Op, not: boolean): Bare => ({ field, op, value, any: [value], not })

// toggle adds field:value, or takes it away where it is there already.
export function toggle(q: string, field: string, value: string, op: Op = ':', not = false): string {
  const { terms } = parse(q)
  const same = (t: Term) =>
    t.field === field && t.op === op && t.not === not && t.any.length === 1 && t.any[0] === value
  const rest = terms.filter((t) => !same(t))
  return rest.length < terms.length ? write(rest) : write([...terms, term1(field, value, op, not)])
}

// without is the text without its nth term.
export const without = (q: string, n: number) => write(parse(q).terms.filter((_, i) => i !== n))

// matches says whether a row passes: get answers a field's value, text is what
// words are sought in.
export function matches(terms: readonly Term[], get: (field: string) => unknown, text: string): boolean {
  const low = text.toLowerCase()
  return terms.every((t) => {
    const hit = t.field === null ? low.includes(t.value.toLowerCase()) : holds(t, get(t.field))
    return hit !== t.not
  })
}

function holds(t: Term, v: unknown): boolean {
  const there = v !== undefined && v !== null
  if (t.op === '!=') return !there || !t.any.includes(String(v))
  if (!there) return false
  if (t.op === '=') return t.any.includes(String(v))
  if (t.op === ':') return t.any.some((a) => a === '*' || has(v, a))
  const order = compare(v, t.value)
  if (Number.isNaN(order)) return false
  return t.op === '>' ? order > 0 : t.op === '>=' ? order >= 0 : t.op === '<' ? order < 0 : order <= 0
}

const has = (v: unknown, a: string) =>
  typeof v === 'number' ? v === amount(a) : String(v).toLowerCase().includes(a.toLowerCase())

const units: Record<string, number> = { us: 0.001, µs: 0.001, ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000 }

// amount reads a number; with a unit of time it is in milliseconds.
export function amount(v: string): number {
  const m = /^([+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)\s*(us|µs|ms|s|min|m|h)?$/i.exec(v.trim())
  return m ? Number(m[1]) * (m[2] ? units[m[2].toLowerCase()] : 1) : NaN
}

function compare(v: unknown, wanted: string): number {
  const b = amount(wanted)
  const a = typeof v === 'number' ? v : amount(String(v))
  if (!Number.isNaN(a) && !Number.isNaN(b)) return a - b
  const [x, y] = [Date.parse(String(v)), Date.parse(wanted)]
  if (!Number.isNaN(x) && !Number.isNaN(y)) return x - y
  if (!Number.isNaN(b)) return NaN // a number is wanted and this is none
  return String(v) < wanted ? -1 : String(v) > wanted ? 1 : 0
}

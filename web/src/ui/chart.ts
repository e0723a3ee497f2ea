// How uPlot draws for us: axes whose labels are whole, bars, gaps, lone samples
// as dots, a last bucket that is not complete hatched, ticks and thresholds.
import uPlot from 'uplot'
import { lone } from '../lib/series'
import { stamp, type Zone } from '../lib/range'
import type { ChartEvent, Series, Threshold } from './types'

export interface Drawn {
  series: Series
  colour: string
  values: (number | null | undefined)[] // as they are drawn
}

export interface Look {
  colour: (name: string) => string
  rem: number
  zone: Zone
  num: (v: number, decimals: number) => string
  whole: boolean // values are counts: no half of one is marked
}

export interface Sketch {
  drawn: Drawn[]
  step: number // ms
  partial: boolean
  events: readonly ChartEvent[]
  lines: readonly Threshold[]
  brush: { from: number; to: number } | null
  span: { from: number; to: number } | null
  zero: boolean
}

const font = (look: Look) => `450 ${Math.round(look.rem * 0.923)}px ${look.colour('--font')}`
const measure = document.createElement('canvas').getContext('2d')!

function widthOf(text: string, look: Look): number {
  measure.font = font(look)
  return measure.measureText(text).width
}

const minute = 60
const hour = 3600
const day = 86_400
// between the labels of the time axis, seconds
const steps = [
  ...[0.001, 0.01, 0.1, 1, 2, 5, 10, 15, 30],
  ...[1, 2, 3, 5, 10, 15, 30].map((m) => m * minute),
  ...[1, 2, 3, 6, 12].map((h) => h * hour),
  ...[1, 2, 7, 14, 28, 91, 365].map((d) => d * day),
]

// moments are the labels of the time axis; one that would be cut is left out.
function moments(look: Look, u: uPlot, splits: number[], incr: number): string[] {
  const left = u.bbox.left / devicePixelRatio
  const width = u.bbox.width / devicePixelRatio
  return splits.map((s) => {
    const text =
      incr >= day
        ? stamp(s * 1000, look.zone, true, false).slice(5, 10)
        : stamp(s * 1000, look.zone, false, incr < minute)
    const half = widthOf(text, look) / 2
    const x = u.valToPos(s, 'x')
    return left + x - half < 0 || x + half > width + 8 ? '' : text
  })
}

export function axes(look: Look): uPlot.Axis[] {
  const common = {
    stroke: look.colour('--t2'),
    grid: { stroke: look.colour('--line'), width: 1 },
    ticks: { show: false },
    font: font(look),
    gap: 6,
  }
  return [
    {
      ...common,
      grid: { show: false },
      size: Math.round(look.rem * 1.7),
      space: look.rem * 6,
      incrs: steps,
      values: (u, splits, _axis, _space, incr) => moments(look, u, splits, incr),
    },
    {
      ...common,
      space: look.rem * 1.7,
      size: (_u, values) => Math.ceil(Math.max(16, ...(values ?? []).map((v) => widthOf(String(v ?? ''), look)))) + 12,
      ...(look.whole ? { incrs: counts } : {}),
      values: (_u, splits, _axis, _space, incr) => splits.map((v) => look.num(v, v === 0 ? 0 : decimalsOf(incr))),
    },
  ]
}

// counts are the steps of an axis on which there are no halves.
const counts = Array.from({ length: 13 }, (_, i) => [1, 2, 5].map((v) => v * 10 ** i)).flat()

// decimalsOf is how many decimals the multiples of a step need: 0.25 two, 0.5 one.
function decimalsOf(step: number): number {
  for (let d = 0; d < 6; d++) if (Math.abs(step * 10 ** d - Math.round(step * 10 ** d)) < 1e-6) return d
  return 6
}

const bars = uPlot.paths.bars!({ size: [0.78, 40], align: 1, gap: 0 })

export function series(sketch: Sketch, look: Look): uPlot.Series[] {
  return sketch.drawn.map(({ series: s, colour, values }) => {
    if (s.kind === 'bars')
      return { label: s.name, fill: colour, stroke: colour, width: 0, paths: bars, points: { show: false } }
    const dots = lone(values)
    return {
      label: s.name,
      stroke: colour,
      width: 1.75 * (look.rem / 13),
      spanGaps: false,
      points: { show: true, size: 4 * (look.rem / 13), width: 0, fill: colour, filter: () => dots },
    } as uPlot.Series
  })
}

// high is the top of the axis: the highest of all, or 1 when there is nothing.
export function heights(sketch: Sketch): [low: number, high: number] {
  const all = [...sketch.drawn.flatMap((d) => d.values), ...sketch.lines.map((l) => l.at)].filter(
    (v): v is number => v != null,
  )
  const high = Math.max(...(all.length ? all : [0]))
  const low = Math.min(...(all.length ? all : [0]))
  if (sketch.zero || low < 0) return [Math.min(0, low), high > 0 ? high : 1]
  const room = (high - low) * 0.1 || Math.abs(high) * 0.1 || 1
  return [low - room, high + room]
}

// over draws what uPlot does not.
export function over(u: uPlot, sketch: Sketch, look: Look) {
  const { ctx, bbox } = u
  ctx.save()
  ctx.beginPath()
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
  ctx.clip()
  if (sketch.partial) hatch(u, sketch, look)
  if (sketch.brush) dim(u, sketch.brush, look)
  for (const e of sketch.events) tick(u, e, look)
  for (const l of sketch.lines) line(u, l, look)
  ctx.restore()
}

function hatch(u: uPlot, sketch: Sketch, look: Look) {
  const { ctx } = u
  ctx.save()
  stripes(u, sketch, look)
  ctx.restore()
}

function stripes(u: uPlot, sketch: Sketch, look: Look) {
  const t = u.data[0]
  const last = t[t.length - 1]
  if (last === undefined || !sketch.step) return
  const { ctx, bbox } = u
  const left = u.valToPos(last, 'x', true)
  const right = u.valToPos(last + sketch.step / 1000, 'x', true)
  ctx.beginPath()
  ctx.rect(left, bbox.top, Math.max(3, right - left), bbox.height)
  ctx.clip()
  ctx.strokeStyle = look.colour('--canvas')
  ctx.lineWidth = 1.5 * devicePixelRatio
  ctx.beginPath()
  const gap = 4 * devicePixelRatio
  for (let x = left - bbox.height; x < right; x += gap) {
    ctx.moveTo(x, bbox.top + bbox.height)
    ctx.lineTo(x + bbox.height, bbox.top)
  }
  ctx.stroke()
}

function dim(u: uPlot, brush: { from: number; to: number }, look: Look) {
  const { ctx, bbox } = u
  const a = u.valToPos(brush.from / 1000, 'x', true)
  const b = u.valToPos(brush.to / 1000, 'x', true)
  ctx.globalAlpha = 0.6
  ctx.fillStyle = look.colour('--canvas')
  ctx.fillRect(bbox.left, bbox.top, Math.max(0, a - bbox.left), bbox.height)
  ctx.fillRect(b, bbox.top, Math.max(0, bbox.left + bbox.width - b), bbox.height)
  ctx.globalAlpha = 1
  ctx.fillStyle = look.colour('--accent')
  const w = devicePixelRatio
  for (const x of [a, b]) {
    ctx.fillRect(x - w, bbox.top, 2 * w, bbox.height)
    ctx.fillRect(x - 2.5 * w, bbox.top + bbox.height / 2 - 7 * w, 5 * w, 14 * w)
  }
}

function tick(u: uPlot, e: ChartEvent, look: Look) {
  const { ctx, bbox } = u
  const x = u.valToPos(e.t / 1000, 'x', true)
  ctx.strokeStyle = ctx.fillStyle = look.colour(e.state === 'bad' ? '--bad' : e.state === 'warn' ? '--warn' : '--t3')
  ctx.lineWidth = devicePixelRatio
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio])
  ctx.beginPath()
  ctx.moveTo(x, bbox.top)
  ctx.lineTo(x, bbox.top + bbox.height)
  ctx.stroke()
  ctx.setLineDash([])
  const r = 4 * devicePixelRatio
  ctx.beginPath()
  ctx.moveTo(x, bbox.top)
  ctx.lineTo(x + r, bbox.top + r)
  ctx.lineTo(x, bbox.top + 2 * r)
  ctx.lineTo(x - r, bbox.top + r)
  ctx.fill()
}

function line(u: uPlot, l: Threshold, look: Look) {
  const { ctx, bbox } = u
  const y = u.valToPos(l.at, 'y', true)
  ctx.strokeStyle = ctx.fillStyle = look.colour(l.state === 'bad' ? '--bad' : '--warn')
  ctx.lineWidth = devicePixelRatio
  ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio])
  ctx.beginPath()
  ctx.moveTo(bbox.left, y)
  ctx.lineTo(bbox.left + bbox.width, y)
  ctx.stroke()
  ctx.setLineDash([])
  ctx.font = `450 ${Math.round(look.rem * 0.846) * devicePixelRatio}px ${look.colour('--font')}`
  ctx.textAlign = 'left'
  ctx.textBaseline = y - bbox.top > 16 * devicePixelRatio ? 'bottom' : 'top'
  ctx.fillText(l.text, bbox.left + 4 * devicePixelRatio, y)
}

// The drawing of a chart (uPlot): a chunk of its own, loaded when the first
// chart comes into sight.
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { axes, heights, over, series, type Look, type Sketch } from './chart'

type Columns = [times: number[], ...values: (number | null | undefined)[][]] // times in seconds
export type Drawing = [Columns, Sketch]

export interface Asked {
  sketch: () => Drawing
  look: () => Look
  limits: (sketch: Sketch) => [from: number, to: number] // of the time axis, seconds
  oncursor: (at: number | null) => void // ms
  onchoose: (from: number, to: number) => void // ms
  sync?: string
}

export class Plot {
  #u: uPlot
  #sketch: Sketch
  #asked: Asked

  constructor(box: HTMLElement, asked: Asked) {
    this.#asked = asked
    const look = asked.look()
    const [data, sketch] = asked.sketch()
    this.#sketch = sketch
    const options: uPlot.Options = {
      width: box.clientWidth || 300,
      height: box.clientHeight || 120,
      legend: { show: false },
      padding: [look.rem * 0.5, look.rem * 0.6, 0, 0],
      cursor: {
        points: { size: 6 },
        y: false,
        drag: { x: true, y: false, setScale: false, dist: 6 },
        sync: asked.sync ? { key: asked.sync } : undefined,
      },
      scales: {
        x: { time: true, range: () => asked.limits(this.#sketch) },
        y: { range: () => nice(heights(this.#sketch)) },
      },
      axes: axes(look),
      series: [{}, ...series(sketch, look)],
      hooks: {
        draw: [(u) => over(u, this.#sketch, asked.look())],
        setCursor: [(u) => asked.oncursor(momentAt(u))],
        setSelect: [(u) => this.#chosen(u)],
      },
    }
    this.#u = new uPlot(options, data as uPlot.AlignedData, box)
  }

  // update draws the same series with other values.
  update([data, sketch]: Drawing) {
    this.#sketch = sketch
    // Where the lone samples are is part of a series in uPlot.
    const made = series(sketch, this.#asked.look())
    sketch.drawn.forEach((d, i) => {
      const s = this.#u.series[i + 1]
      if (d.series.kind !== 'bars' && s?.points) s.points.filter = made[i].points!.filter
    })
    this.#u.setData(data as uPlot.AlignedData)
  }

  resize = (width: number, height: number) => this.#u.setSize({ width, height })
  redraw = () => this.#u.redraw()
  destroy = () => this.#u.destroy()
  // point puts the cursor at a moment (ms).
  point = (at: number) => this.#u.setCursor({ left: this.#u.valToPos(at / 1000, 'x'), top: 4 })

  #chosen(u: uPlot) {
    const { left, width } = u.select
    if (width < 6) return
    this.#asked.onchoose(u.posToVal(left, 'x') * 1000, u.posToVal(left + width, 'x') * 1000)
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
  }
}

function momentAt(u: uPlot): number | null {
  const s = u.cursor.idx == null ? undefined : u.data[0][u.cursor.idx]
  return s === undefined ? null : s * 1000
}

// nice leaves a little room above.
function nice([low, high]: [number, number]): [number, number] {
  const size = 10 ** Math.floor(Math.log10(Math.max(1e-9, high - Math.min(0, low))))
  return [low, Math.ceil((high * 1.02) / (size / 2)) * (size / 2)]
}

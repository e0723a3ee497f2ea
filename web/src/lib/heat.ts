// How far behind is how bad: classes of app.css.

export type Steps = readonly [number, number, number]
export const lagSteps: Steps = [1, 100, 300]

export const heat = (lag: number, [some, more, much]: Steps = lagSteps) =>
  'heat' + (lag < some ? 0 : lag < more ? 1 : lag < much ? 2 : 3)

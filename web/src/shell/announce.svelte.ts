// What a screen reader is told without being asked: a line at a time, at most
// one in five seconds.

const pause = 5_000

export const said = $state({ text: '' })
let waiting: string[] = []
let timer = 0

export function announce(text: string) {
  if (!waiting.includes(text)) waiting = [...waiting, text].slice(-5)
  if (!timer) next()
}

function next() {
  const text = waiting.shift()
  timer = text ? window.setTimeout(next, pause) : 0
  if (text) said.text = text
}

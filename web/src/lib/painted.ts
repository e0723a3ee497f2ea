// painted does something once what is on its way to the screen is there: in a task
// behind the next frame. What it returns calls that off.
export function painted(run: () => void): () => void {
  let task = 0
  const frame = requestAnimationFrame(() => (task = window.setTimeout(run)))
  return () => {
    cancelAnimationFrame(frame)
    clearTimeout(task)
  }
}

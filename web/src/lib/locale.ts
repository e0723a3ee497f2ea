// Numbers and times as readers of both languages write them, who agree: 12,345.6 and
// 14:20:05. By hand, for the browser's first formatter costs what a third of the
// first page does.

// write is a number with from least to most decimals.
export function write(v: number, least: number, most: number): string {
  const [whole, parts = ''] = v.toFixed(most).split('.')
  if (!/^-?\d+$/.test(whole)) return String(v)
  let end = parts.length
  while (end > least && parts[end - 1] === '0') end--
  return whole.replace(/\B(?=(\d{3})+$)/g, ',') + (end ? '.' + parts.slice(0, end) : '')
}

// clock is the time of day, to the second.
export function clock(d: Date): string {
  const two = (n: number) => String(n).padStart(2, '0')
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`
}

// The content of an offer: {"offerThroughput":400}, or autopilot settings.
export type Kind = 'none' | 'manual' | 'autoscale'

export interface Throughput {
  kind: Kind
  amount: string
}

export function readThroughput(offer: unknown): Throughput {
  const o = offer as { offerThroughput?: number; offerAutopilotSettings?: { maxThroughput?: number } } | null
  if (o?.offerAutopilotSettings)
    return { kind: 'autoscale', amount: String(o.offerAutopilotSettings.maxThroughput ?? 4000) }
  if (o?.offerThroughput) return { kind: 'manual', amount: String(o.offerThroughput) }
  return { kind: 'none', amount: '400' }
}

export function writeThroughput(t: Throughput): unknown {
  if (t.kind === 'manual') return { offerThroughput: Number(t.amount) }
  if (t.kind === 'autoscale') return { offerAutopilotSettings: { maxThroughput: Number(t.amount) } }
  return null
}

export const wholeNumber = (text: string | number | null | undefined, from: number) =>
  /^\d+$/.test(String(text ?? '').trim()) && Number(text) >= from

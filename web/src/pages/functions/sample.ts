// A first input for a function that has none yet.
import type { Func } from '../../lib/wire'

export function sample(f: Func): string {
  const one = {
    id: 'by-hand-1',
    deviceId: 'device-001',
    timestamp: new Date().toISOString(),
    data: { temperature: 42.5 },
  }
  switch (f.trigger.toLowerCase()) {
    case 'cosmosdbtrigger':
      return JSON.stringify([one], null, 2)
    case 'eventhubtrigger':
      return JSON.stringify(one, null, 2)
  }
  return ''
}

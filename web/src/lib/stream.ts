// How this tab reaches the browser's one stream: HTTP/1.1 allows six connections
// to a server, so tabs must not have one each. A shared worker holds it; where
// there are none, the tab that gets a lock does, and speaks to the others over a
// channel; where that is missing too (an address without TLS in an old browser)
// each tab has its own.

import { Fan, type Message } from './fan'
import type { Want } from './stream.worker'

type Hear = (m: Message) => void
type Tell = (topics: string[] | null) => void

const tab = Math.random().toString(36).slice(2) + Date.now().toString(36)

// connect returns how to say which topics this tab wants, or with null that it
// goes away.
export function connect(hear: Hear): Tell {
  if (typeof SharedWorker === 'function') return shared(hear)
  if (navigator.locks && typeof BroadcastChannel === 'function') return elected(hear)
  return alone(hear)
}

function shared(hear: Hear): Tell {
  const worker = new SharedWorker(new URL('./stream.worker.ts', import.meta.url), { type: 'module', name: 'lazuli' })
  worker.port.onmessage = (e: MessageEvent<Message>) => hear(e.data)
  return (topics) => worker.port.postMessage({ tab, topics } satisfies Want)
}

function alone(hear: Hear): Tell {
  const fan = new Fan()
  return (topics) => (topics ? fan.tell(tab, topics, hear) : fan.leave(tab))
}

// Said on the channel: what a tab wants, what a tab gets, that another leads now.
type Said = Want | { to: string; message: Message } | { leads: true }

function elected(hear: Hear): Tell {
  const channel = new BroadcastChannel('lazuli')
  let fan: Fan | null = null
  let wanted: string[] | null = []
  const say = (said: Said) => channel.postMessage(said)
  const tell: Tell = (topics) => {
    wanted = topics
    if (!fan) say({ tab, topics })
    else if (topics) fan.tell(tab, topics, hear)
    else fan.leave(tab)
  }
  channel.onmessage = (e: MessageEvent<Said>) => {
    const said = e.data
    if ('to' in said) {
      if (said.to === tab) hear(said.message)
    } else if ('leads' in said) tell(wanted)
    else if (fan && said.topics) fan.tell(said.tab, said.topics, (message) => say({ to: said.tab, message }))
    else if (fan) fan.leave(said.tab)
  }
  void navigator.locks.request('lazuli stream', () => {
    fan = new Fan()
    say({ leads: true })
    tell(wanted)
    return new Promise(() => {}) // until this tab is closed
  })
  return tell
}

// The shared worker: one stream for all tabs of this browser.

import { Fan } from './fan'

export interface Want {
  tab: string
  topics: string[] | null // null: the tab goes away
}

const fan = new Fan()

;(self as unknown as { onconnect: (e: MessageEvent) => void }).onconnect = (e) => {
  const port = e.ports[0]
  port.onmessage = (m: MessageEvent<Want>) => {
    const { tab, topics } = m.data
    if (topics) fan.tell(tab, topics, (message) => port.postMessage(message))
    else fan.leave(tab)
  }
}

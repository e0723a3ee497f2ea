// The one stream of this browser, and the tabs that it serves. It runs where
// there is one of it: in a shared worker, or in the tab that was elected.

import { call, Problem } from './api'
import { isDelta, List } from './rows'
import type { Opened, StreamChange } from './wire'

// Message goes to a tab: something new of a topic, or, with the topic "", whether
// the stream is up.
export interface Message {
  topic: string
  data: unknown
}

export const up = ''
export const trip = ' trip' // how long an answer takes, in milliseconds

interface Tab {
  post: (m: Message) => void
  topics: Set<string>
  heard: number
}

const silence = 40_000 // a tab that says nothing for so long is gone; a hidden one wants nothing

export class Fan {
  private tabs = new Map<string, Tab>()
  private lists = new Map<string, List>()
  private values = new Map<string, unknown>()
  private carried = new Set<string>() // topics that the stream was asked for
  private heard = new Set<string>() // topics that this source is listened to for
  private source: EventSource | null = null
  private id = ''
  private changing = false

  constructor() {
    setInterval(() => this.sweep(), 5_000)
    setInterval(() => void this.measure(), 10_000)
  }

  // tell says what a tab wants now. It gets the newest of what is new to it.
  tell(name: string, topics: string[], post: (m: Message) => void) {
    const before = this.tabs.get(name)?.topics
    this.tabs.set(name, { post, topics: new Set(topics), heard: Date.now() })
    for (const topic of topics) {
      if (before?.has(topic)) continue
      if (this.lists.has(topic)) post({ topic, data: this.lists.get(topic)!.whole() })
      else if (this.values.has(topic)) post({ topic, data: this.values.get(topic) })
    }
    this.settle()
  }

  leave(name: string) {
    this.tabs.delete(name)
    this.settle()
  }

  private sweep() {
    const limit = Date.now() - silence
    for (const [name, tab] of this.tabs) if (tab.heard < limit) this.tabs.delete(name)
    this.settle()
  }

  // measure tells the tabs how far the server is.
  private async measure() {
    if (!this.id) return
    const from = performance.now()
    try {
      await call('GET', '/api/ping')
      this.post({ topic: trip, data: performance.now() - from })
    } catch {
      // the stream says that something is wrong
    }
  }

  private post(m: Message) {
    for (const tab of this.tabs.values()) if (m.topic === up || m.topic === trip || tab.topics.has(m.topic)) tab.post(m)
  }

  // settle makes the stream carry what the tabs want.
  private settle() {
    const wanted = new Set([...this.tabs.values()].flatMap((t) => [...t.topics]))
    if (wanted.size === 0) return this.close()
    if (!this.source) return this.open()
    if (!this.id || this.changing) return // it is looked at again when that is done
    const add = [...wanted].filter((t) => !this.carried.has(t))
    const drop = [...this.carried].filter((t) => !wanted.has(t))
    if (add.length || drop.length) void this.change({ add, drop })
  }

  private async change(c: StreamChange) {
    const of = this.source
    this.changing = true
    for (const topic of c.drop) this.forget(topic)
    for (const topic of c.add) {
      this.carried.add(topic)
      if (this.heard.has(topic)) continue
      this.heard.add(topic)
      this.source!.addEventListener(topic, (e) => of === this.source && this.take(topic, JSON.parse(e.data)))
    }
    try {
      await call('POST', '/api/stream/' + this.id, c)
      this.changing = false
      this.settle()
    } catch (e) {
      this.changing = false
      if (of !== this.source) return this.settle()
      this.close()
      setTimeout(() => this.settle(), e instanceof Problem && e.status === 404 ? 0 : 1_000)
    }
  }

  private take(topic: string, data: unknown) {
    if (!this.carried.has(topic)) return // it was dropped meanwhile
    if (isDelta(data)) {
      const list = this.lists.get(topic) ?? new List()
      this.lists.set(topic, list)
      if (list.rev === 0 && !data.all) return // of before it was dropped and asked for again
      if (!list.apply(data)) return this.again()
    } else this.values.set(topic, data)
    this.post({ topic, data })
  }

  private forget(topic: string) {
    this.carried.delete(topic)
    this.lists.delete(topic)
    this.values.delete(topic)
  }

  private open() {
    const source = new EventSource('/api/stream')
    this.source = source
    this.heard.clear()
    source.addEventListener('opened', (e) => {
      if (source !== this.source) return
      this.id = (JSON.parse(e.data) as Opened).id
      for (const topic of [...this.carried]) this.forget(topic) // of a stream that broke off
      this.post({ topic: up, data: true })
      this.settle()
      void this.measure()
    })
    source.onerror = () => {
      if (source !== this.source) return
      this.post({ topic: up, data: false })
      this.id = ''
      if (source.readyState === EventSource.CLOSED) {
        // Refused: the browser does not try again by itself.
        this.close()
        setTimeout(() => this.settle(), 3_000)
      }
    }
  }

  private again() {
    this.close()
    this.settle()
  }

  private close() {
    this.source?.close()
    this.source = null
    this.id = ''
    for (const topic of [...this.carried]) this.forget(topic)
  }
}

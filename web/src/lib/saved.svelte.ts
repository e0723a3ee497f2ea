// The filters of a page that people saved: they are the project's, kept by the
// server.
import { call } from './api'
import type { FilterList, SavedFilter } from './wire'

export class Saved {
  all = $state.raw<SavedFilter[]>([])
  problem = $state.raw<unknown>(null) // why there are none, or the last was not saved

  constructor(readonly page: string) {}
  load = () => this.#ask('GET', '?page=' + this.page)
  save = (name: string, q: string) => this.#ask('PUT', '', { page: this.page, name, q })
  drop = (name: string) => this.#ask('DELETE', `?page=${this.page}&name=${encodeURIComponent(name)}`)

  async #ask(method: string, query: string, body?: object) {
    try {
      this.all = (await call<FilterList>(method, '/api/filters' + query, body)).filters
      this.problem = null
    } catch (e) {
      this.problem = e
    }
    return this.problem === null
  }
}

// A secret that is fetched when somebody asks to see it, and hidden again.

const seconds = 30

export class Reveal {
  text = $state<string | null>(null) // while it is shown
  busy = $state(false)
  failed = $state<unknown>(null)
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(readonly fetched: () => Promise<string>) {}

  show = async () => {
    this.busy = true
    this.failed = null
    try {
      this.text = await this.fetched()
      this.#timer = setTimeout(this.hide, seconds * 1000)
    } catch (problem) {
      this.failed = problem
    } finally {
      this.busy = false
    }
  }

  hide = () => {
    clearTimeout(this.#timer)
    this.text = null
  }

  toggle = () => (this.text === null ? this.show() : this.hide())
}

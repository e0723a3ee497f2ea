// Short notes of one's own acts that leave no other trace.

export interface Toast {
  id: number
  text: string
  undo?: () => void
}

class Toasts {
  list = $state.raw<Toast[]>([])
  #next = 1

  add(text: string, undo?: () => void) {
    const id = this.#next++
    this.list = [...this.list.slice(-2), { id, text, undo }]
    setTimeout(() => this.drop(id), undo ? 10_000 : 5_000)
  }

  drop(id: number) {
    this.list = this.list.filter((t) => t.id !== id)
  }
}

export const toasts = new Toasts()

// toast says something for 5 s; with undo there are 10 s to take it back.
export const toast = (text: string, { undo }: { undo?: () => void } = {}) => toasts.add(text, undo)

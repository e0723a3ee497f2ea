// Files that somebody wants to upload, until it is clear which of them.

import type { Box } from './box'
import { existing, uploads, type Chosen } from './uploads.svelte'

class Offer {
  // asks is the question that is open: which of the files are there already.
  asks = $state.raw<{ box: Box; files: Chosen[]; there: Set<string> } | null>(null)
  problem = $state.raw<unknown>(null)

  async files(box: Box, files: Chosen[]) {
    this.problem = null
    try {
      const there = new Set(
        await existing(
          box,
          files.map((f) => f.name),
        ),
      )
      if (there.size) this.asks = { box, files, there }
      else uploads.add(box, files, false)
    } catch (e) {
      this.problem = e
    }
  }
  // answer uploads all of them, or those that overwrite nothing.
  answer(overwrite: boolean) {
    if (!this.asks) return
    const { box, files, there } = this.asks
    uploads.add(
      box,
      files.filter((f) => !there.has(f.name)),
      false,
    )
    if (overwrite)
      uploads.add(
        box,
        files.filter((f) => there.has(f.name)),
        true,
      )
    this.asks = null
  }
}

export const offer = new Offer()

import type { PieceTaker } from './piece.js'
import { createRandom } from './random.js'
import type { Toxic } from './toxic.js'

/** What a {@link ToxicChain} needs. */
export interface ToxicChainInit {
  readonly toxics: readonly Toxic[]
  /** Says, with the place of a toxic in the chain, which random numbers that toxic gets. */
  readonly key: readonly number[]
  /** Takes what comes out at the end. */
  readonly out: PieceTaker
  /** Resets the connection. */
  readonly reset: () => void
}

/** The toxics that act on one direction of a connection, one behind the other. */
export class ToxicChain {
  /** Takes what goes in at the beginning. */
  readonly push: PieceTaker
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor({ toxics, key, out, reset }: ToxicChainInit) {
    let next = out
    for (const [index, toxic] of [...toxics.entries()].reverse()) {
      const pass = next
      const transform = toxic.start({
        random: createRandom(...key, index),
        after: (delayMs, action) => this.#after(delayMs, action),
        reset,
      })
      next = (piece) => transform(piece, pass)
    }
    this.push = next
  }

  /** No timer of its toxics is left. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
  }

  #after(delayMs: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      action()
    }, delayMs)
    this.#timers.add(timer)
  }
}

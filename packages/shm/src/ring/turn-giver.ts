import { scheduleTurn } from '../wait/next-turn.js'

/** Calls that need not wait hold up the event loop no longer than this. */
const LONGEST_MS = 1
/** Such calls between two looks at the clock. */
const CALLS = 32

/**
 * Gives the event loop its turns: memory is read and written without one, and promises that are resolved already would
 * go on for ever without timers and sockets.
 */
export class TurnGiver {
  #calls = 0
  #lastMs = 0

  /** What has to be awaited before the next call can go on; mostly nothing. */
  due(): Promise<void> | undefined {
    if (++this.#calls < CALLS) return undefined
    this.#calls = 0
    if (performance.now() - this.#lastMs < LONGEST_MS) return undefined
    return new Promise((resolve) => {
      const turn = (): void => {
        this.#lastMs = performance.now()
        resolve()
      }
      scheduleTurn({ turn })
    })
  }
}

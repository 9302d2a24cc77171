import type { WaitOptions } from '@ipc/core'
import { startWait, type Wait } from '@ipc/core/internal'

/**
 * Lets the tasks of one thread wait for a ticket one after the other: in shared memory a thread waits once, however
 * many of its tasks do, and so gets no more than its turn.
 */
export class Turns {
  readonly #waiting = new Set<Wait<void>>()
  #taken = false

  /** Whether a task waits for its turn. */
  get awaited(): boolean {
    return this.#waiting.size > 0
  }

  /** Take the turn if no task has it. */
  tryEnter(): boolean {
    if (this.#taken) return false
    this.#taken = true
    return true
  }

  /** Wait for the turn, which another task has. */
  enter(what: string, options: WaitOptions | undefined): Promise<void> {
    const wait = startWait<void>(what, options, () => this.#waiting.delete(wait))
    this.#waiting.add(wait)
    return wait.promise
  }

  /** The turn is the next one's. */
  leave(): void {
    const [next] = this.#waiting
    if (next === undefined) {
      this.#taken = false
      return
    }
    this.#waiting.delete(next)
    next.resolve()
  }
}

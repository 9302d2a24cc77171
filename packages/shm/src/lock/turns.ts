import type { WaitOptions } from '@ipc/core'
import { abortedError, startWait, type Wait } from '@ipc/core/internal'

/**
 * Lets the tasks of one thread wait for a ticket one after the other: in shared memory a thread waits once, however
 * many of its tasks do, and so gets no more than its turn.
 */
export class Turns {
  readonly #waiting = new Set<Wait<void>>()
  #taken = false

  /** Wait for the turn of this task. */
  async enter(what: string, options: WaitOptions | undefined): Promise<void> {
    if (options?.signal?.aborted) throw abortedError(what, options.signal.reason)
    if (!this.#taken) {
      this.#taken = true
      return
    }
    const wait = startWait<void>(what, options, () => this.#waiting.delete(wait))
    this.#waiting.add(wait)
    await wait.promise
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

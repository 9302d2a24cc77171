const PATIENCE_MS = 10_000
/** Attempts between two looks at the clock, which would cost as much as an attempt. */
const ATTEMPTS = 2 ** 20

/** Ends a loop that spins in vain: the other side has failed, and nobody tells a thread that does not listen. */
export class Patience {
  #attempts = 0
  #since = 0

  /** There was progress. */
  renew(): void {
    this.#attempts = 0
  }

  /**
   * One more attempt was in vain.
   *
   * @throws Error with that message when there were too many.
   */
  spend(message: string): void {
    this.#attempts++
    if (this.#attempts % ATTEMPTS !== 0) return
    const now = performance.now()
    if (this.#attempts === ATTEMPTS) this.#since = now
    if (now - this.#since > PATIENCE_MS) throw new Error(message)
  }
}

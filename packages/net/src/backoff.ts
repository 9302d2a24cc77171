/** How long to wait before the next attempt. */
export interface BackoffOptions {
  /** The first pause is not longer than this. */
  readonly firstMs: number
  /** No pause is longer than this. */
  readonly longestMs: number
}

/**
 * Pauses that double at most, each chosen anew between nothing and that ("full jitter"): many that lost the same peer at
 * the same moment do not come back at the same moment.
 */
export class Backoff {
  readonly #options: BackoffOptions
  #attempts = 0

  constructor(options: BackoffOptions) {
    this.#options = options
  }

  /** How long to wait now. */
  next(): number {
    const { firstMs, longestMs } = this.#options
    const most = Math.min(longestMs, firstMs * 2 ** Math.min(this.#attempts++, 30))
    return Math.random() * most
  }

  /** It went well: begin anew. */
  reset(): void {
    this.#attempts = 0
  }
}

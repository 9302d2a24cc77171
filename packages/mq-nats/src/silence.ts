const SILENCE_MS = 5000

/** What hears of silence. */
export interface SilenceEvents {
  /** Whether any answer is awaited. */
  isAwaited(): boolean
  /** There was none for five seconds. */
  silent(): void
}

/** One timer for many answers. It keeps no process alive: the connection does. */
export class Silence {
  readonly #events: SilenceEvents
  #brokenAt = 0
  #timer: NodeJS.Timeout | undefined

  constructor(events: SilenceEvents) {
    this.#events = events
  }

  /** The first of several answers is awaited. */
  watch(): void {
    this.broken()
    if (this.#timer === undefined) this.#wait(SILENCE_MS)
  }

  /** There was an answer. */
  broken(): void {
    this.#brokenAt = performance.now()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      if (!this.#events.isAwaited()) return
      const left = this.#brokenAt + SILENCE_MS - performance.now()
      if (left > 0) this.#wait(left)
      else this.#events.silent()
    }, ms)
    this.#timer.unref()
  }
}

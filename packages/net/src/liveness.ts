/** Looks at the clock in the time that this side, or the peer, takes for silence. */
const LOOKS = 4

/** What a {@link Liveness} needs. Times in milliseconds; 0 is never. */
export interface LivenessInit {
  /** Silence of the peer after which it is taken for dead. */
  readonly toleratedMs: number
  /** Silence of this side that the peer tolerates. */
  readonly promisedMs: number
  /** Whether this side has written since the last call. */
  hasWritten(): boolean
  /** Nothing else was written for a while: say something. */
  speak(): void
  /** The peer has said nothing for too long. */
  onSilence(): void
}

/**
 * Watches over the silence of both sides of a connection. Whatever comes in is a sign of life. A look that comes late
 * says that this process stood still, and nothing about the peer: what it sent meanwhile has not been read yet.
 */
export class Liveness {
  readonly #init: LivenessInit
  readonly #stepMs: number
  readonly #timer: ReturnType<typeof setInterval> | undefined
  #lastLookMs: number = performance.now()
  #quietMs = 0
  #heard = false

  constructor(init: LivenessInit) {
    this.#init = init
    const { toleratedMs, promisedMs } = init
    const shortest = Math.min(toleratedMs || Number.POSITIVE_INFINITY, promisedMs || Number.POSITIVE_INFINITY)
    this.#stepMs = shortest / LOOKS
    if (shortest === Number.POSITIVE_INFINITY) return
    this.#timer = setInterval(() => this.#look(), this.#stepMs)
    this.#timer.unref()
  }

  /** Something came in. */
  heard(): void {
    this.#heard = true
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #look(): void {
    const { toleratedMs, promisedMs, hasWritten, speak, onSilence } = this.#init
    const now = performance.now()
    const sinceMs = now - this.#lastLookMs
    this.#lastLookMs = now
    if (promisedMs > 0 && !hasWritten()) speak()
    if (toleratedMs === 0) return
    const stoodStill = sinceMs > 2 * this.#stepMs
    this.#quietMs = this.#heard || stoodStill ? 0 : this.#quietMs + sinceMs
    this.#heard = false
    // Something may have come in just after the last look: what is tolerated is over before the next one.
    if (this.#quietMs > toleratedMs - this.#stepMs) onSilence()
  }
}

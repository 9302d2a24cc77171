/** How a thread that blocks spends the first moments of a wait. */
export type WaitStrategy = 'spin' | 'block'

/** What is spun on. */
interface Spinning {
  ready(): boolean
}

const SHORTEST_MS = 0.002
const LONGEST_MS: Readonly<Record<WaitStrategy, number>> = { spin: 1, block: 0.02 }
/** Looks at the memory between two looks at the clock. */
const LOOKS = 32

/** Tells the core that this is a spin loop; there from Node 26 on. */
const pause: () => void = (Atomics as { pause?: () => void }).pause ?? (() => {})

/**
 * Spins for a bounded time that adapts: longer when it pays, shorter when it does not. On a single core, where whoever
 * is waited for cannot run meanwhile, it soon spins for some microseconds only.
 */
export class Spinner {
  readonly #windowMs: Record<WaitStrategy, number> = { spin: LONGEST_MS.spin, block: LONGEST_MS.block }

  /** Returns whether it became ready while spinning. */
  spin(condition: Spinning, strategy: WaitStrategy, timeoutMs: number): boolean {
    const end = performance.now() + Math.min(this.#windowMs[strategy], timeoutMs)
    do {
      for (let look = 0; look < LOOKS; look++) {
        if (condition.ready()) {
          this.#adapt(strategy, 2)
          return true
        }
        pause()
      }
    } while (performance.now() < end)
    this.#adapt(strategy, 0.5)
    return false
  }

  #adapt(strategy: WaitStrategy, factor: number): void {
    const longest = LONGEST_MS[strategy]
    this.#windowMs[strategy] = Math.min(longest, Math.max(SHORTEST_MS, factor * this.#windowMs[strategy]))
  }
}

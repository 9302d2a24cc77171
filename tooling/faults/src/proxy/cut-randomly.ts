import { checkMs, LONGEST_MS } from '../check-number.js'
import type { Random } from './random.js'

/** Options of `cutRandomly`. */
export interface CutOptions {
  /** Mean time between two cuts; the times are distributed exponentially. */
  readonly meanMs: number
}

/** Cuts connections until told to stop. */
export interface Cutter {
  /** So many were cut. */
  readonly count: number
  /** Resolves when so many have been cut. Rejects when the cutter stops before. */
  reached(count: number): Promise<void>
  /** No more is cut, and no timer is left. */
  stop(): void
}

/** What a {@link RandomCutter} needs. */
export interface RandomCutterInit extends CutOptions {
  readonly random: Random
  /** What may be cut, in an order that does not depend on chance. */
  readonly living: () => readonly { reset(): void }[]
}

interface Waiting {
  readonly count: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * Resets a random one of the connections at random moments. A moment at which there is none waits for the next connection:
 * for as long as nobody is connected no timer runs.
 */
export class RandomCutter implements Cutter {
  count = 0
  readonly #init: RandomCutterInit
  #timer: NodeJS.Timeout | undefined
  #stopped = false
  #waiting: Waiting[] = []

  constructor(init: RandomCutterInit) {
    checkMs('meanMs', init.meanMs)
    this.#init = init
    this.#arm()
  }

  reached(count: number): Promise<void> {
    if (this.count >= count) return Promise.resolve()
    if (this.#stopped) return Promise.reject(this.#stoppedError())
    return new Promise((resolve, reject) => {
      this.#waiting.push({ count, resolve, reject })
    })
  }

  /** There is a connection that was not there before. */
  connected(): void {
    if (this.#timer === undefined && !this.#stopped) this.#arm()
  }

  stop(): void {
    this.#stopped = true
    clearTimeout(this.#timer)
    const waiting = this.#waiting
    this.#waiting = []
    for (const { reject } of waiting) reject(this.#stoppedError())
  }

  #arm(): void {
    const { random, meanMs } = this.#init
    this.#timer = setTimeout(() => this.#cut(), Math.min(random.exponential(meanMs), LONGEST_MS))
  }

  #cut(): void {
    this.#timer = undefined
    const living = this.#init.living()
    if (living.length === 0) return
    living[this.#init.random.integer(0, living.length - 1)]?.reset()
    this.count++
    this.#arm()
    const reached = this.#waiting.filter(({ count }) => count <= this.count)
    if (reached.length === 0) return
    this.#waiting = this.#waiting.filter(({ count }) => count > this.count)
    for (const { resolve } of reached) resolve()
  }

  #stoppedError(): Error {
    return new Error(`stopped after ${this.count} cuts`)
  }
}

import type { Pace } from '../protocol.js'

/** Longest time between two turns of a process that is not as fast as it can be. */
const TURN_MS = 20
/** Steps of a turn of one that is. */
const BURST = 512

/** What of this process' runtime is used: a browser has no `setImmediate`. */
const { setImmediate: immediate } = globalThis as { setImmediate?: (turn: () => void) => unknown }

/** Does something so many times a second, or as often as it goes. */
export class Pacer {
  readonly #run: (budget: number) => number
  #pace: Pace
  #credit = 0
  #last = 0
  /** Tells turns of the pace that is from those of an earlier one. */
  #turns = 0

  /** @param run - Does it up to `budget` times, and says how often it did. */
  constructor(run: (budget: number) => number, pace: Pace = { paused: true, perSecond: 1 }) {
    this.#run = run
    this.#pace = pace
    this.set(pace)
  }

  get pace(): Pace {
    return this.#pace
  }

  set(pace: Pace): void {
    this.#pace = pace
    this.#credit = 0
    this.#last = performance.now()
    this.#schedule(++this.#turns, 0)
  }

  #schedule(turn: number, done: number): void {
    const { paused, perSecond } = this.#pace
    if (paused) return
    const next = (): void => {
      if (turn === this.#turns) this.#schedule(turn, this.#turn())
    }
    if (perSecond !== 'max') setTimeout(next, Math.min(TURN_MS, 1000 / perSecond))
    // Who could do nothing waits for the other side.
    else if (done === 0 || immediate === undefined) setTimeout(next, 1)
    else immediate(next)
  }

  #turn(): number {
    const { perSecond } = this.#pace
    if (perSecond === 'max') return this.#run(BURST)
    const now = performance.now()
    // What could not be done in time is not made up for.
    const most = Math.max(1, perSecond / 10)
    this.#credit = Math.min(most, this.#credit + ((now - this.#last) / 1000) * perSecond)
    this.#last = now
    const budget = Math.floor(this.#credit)
    this.#credit -= budget
    return budget === 0 ? 0 : this.#run(budget)
  }
}

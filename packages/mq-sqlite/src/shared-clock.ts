import type { Clock, ClockTimer } from '@ipc/mq'

/** The longest delay that timers keep. Whoever is called too early looks at the clock. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Milliseconds since the machine started: all its processes agree about it. */
function uptimeMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/**
 * The time of day when the first process came, and from then on what has passed since: the same for all who share the word,
 * and nobody who sets the clock of the machine moves it.
 */
export class SharedClock implements Clock {
  readonly #offset: Float64Array

  /** @param offset - One number; 0 before {@link SharedClock.start}. */
  constructor(offset: Float64Array) {
    this.#offset = offset
  }

  /** Begin, unless another one did. One at a time. */
  start(): void {
    if (this.#offset[0] === 0) this.#offset[0] = Date.now() - uptimeMs()
  }

  now(): number {
    return uptimeMs() + (this.#offset[0] as number)
  }

  setTimer(at: number, onTime: () => void): ClockTimer {
    const delayMs = Math.ceil(at - this.now())
    const timer = setTimeout(onTime, Math.min(Math.max(0, delayMs), LONGEST_TIMER_MS))
    // The thread lives as long as its queues are open.
    timer.unref()
    return { cancel: () => clearTimeout(timer), keepAlive: () => {} }
  }
}

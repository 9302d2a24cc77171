import { cancelTurn, scheduleTurn } from './next-turn.js'

/** Bounds of the time the loop stays hot after the last work, in milliseconds. */
const SHORTEST_MS = 0.05
const LONGEST_MS = 1

/** What a {@link HotLoop} calls. */
export interface HotLoopTasks {
  /** Do what there is to do; returns whether there was anything. */
  work(): boolean
  /** Arrange to be woken from outside; returns false when there is work after all. */
  park(): boolean
}

/**
 * Polls for work between the turns of the event loop while there is some, and a little longer; then parks. The
 * window adapts: it doubles when work came while waiting hot, and halves when none came.
 *
 * A round trip by polling costs about a microsecond, one by a doorbell 25: waiting hot for a moment is worth it,
 * waiting hot for long is a waste of a core.
 */
export class HotLoop {
  readonly #tasks: HotLoopTasks
  #hot = false
  #windowMs: number = 4 * SHORTEST_MS
  #lastWork = 0
  #waited = false
  #running = false
  #stopped = false

  constructor(tasks: HotLoopTasks) {
    this.#tasks = tasks
  }

  /** There may be work: look soon. */
  wake(): void {
    if (this.#hot || this.#running || this.#stopped) return
    this.#lastWork = performance.now()
    this.#schedule()
  }

  /** There is work: do it now, then stay hot. */
  runNow(): void {
    cancelTurn(this)
    this.turn()
  }

  /** @internal Called by the event loop. */
  turn(): void {
    this.#hot = false
    if (this.#running || this.#stopped) return
    this.#running = true
    let worked = true
    try {
      worked = this.#tasks.work()
    } finally {
      this.#running = false
      if (!this.#stopped) this.#goOn(worked)
    }
  }

  stop(): void {
    this.#stopped = true
    this.#hot = false
    cancelTurn(this)
  }

  #goOn(worked: boolean): void {
    const now = performance.now()
    if (worked) this.#worked(now)
    else if (now - this.#lastWork < this.#windowMs) this.#waited = true
    else if (this.#parked()) return
    this.#schedule()
  }

  #worked(now: number): void {
    this.#lastWork = now
    if (this.#waited) this.#windowMs = Math.min(LONGEST_MS, 2 * this.#windowMs)
    this.#waited = false
  }

  #parked(): boolean {
    this.#waited = false
    this.#windowMs = Math.max(SHORTEST_MS, this.#windowMs / 2)
    return this.#tasks.park()
  }

  #schedule(): void {
    this.#hot = true
    scheduleTurn(this)
  }
}

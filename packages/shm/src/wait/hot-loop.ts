import { cancelTurn, scheduleTurn } from './next-turn.js'

/** Bounds of the time the loop stays hot after the last work, in milliseconds. */
const SHORTEST_MS = 0.05
const LONGEST_MS = 1
/** Most wake-ups between two attempts to wait hot for what comes soon after parking. */
const MOST_SKIPPED = 64

/** What a {@link HotLoop} calls. */
export interface HotLoopTasks {
  /** Do what there is to do; returns whether there was anything. */
  work(): boolean
  /** Arrange to be woken from outside; returns false when there is work after all. */
  park(): boolean
}

/**
 * Polls for work between the turns of the event loop while there is some, and a little longer; then parks. The
 * window adapts: it doubles when work came while waiting hot, and halves when none came. When work woke it soon after it
 * had parked, it tries a window that would have sufficed, so that two sides that wake each other come to meet hot; where
 * that does not help, as on a single core, it tries ever more seldom.
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
  #wasParked = false
  #isAttempt = false
  #skipped = 0
  #skip = 1
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
    if (this.#waited) {
      this.#windowMs = Math.min(LONGEST_MS, 2 * this.#windowMs)
      this.#isAttempt = false
      this.#skip = 1
    } else if (this.#wasParked) this.#learn(now - this.#lastWork)
    this.#lastWork = now
    this.#waited = false
    this.#wasParked = false
  }

  /** Work came `gapMs` after the last, when the loop had parked already. */
  #learn(gapMs: number): void {
    if (gapMs > LONGEST_MS / 2 || ++this.#skipped < this.#skip) return
    this.#skipped = 0
    this.#isAttempt = true
    this.#windowMs = Math.max(SHORTEST_MS, 2 * gapMs)
  }

  #parked(): boolean {
    this.#waited = false
    if (this.#isAttempt) this.#skip = Math.min(MOST_SKIPPED, 2 * this.#skip)
    this.#isAttempt = false
    this.#windowMs = Math.max(SHORTEST_MS, this.#windowMs / 2)
    this.#wasParked = this.#tasks.park()
    return this.#wasParked
  }

  #schedule(): void {
    this.#hot = true
    scheduleTurn(this)
  }
}

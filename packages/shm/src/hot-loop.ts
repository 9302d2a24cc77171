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
  readonly #turn = (): void => this.runNow()
  #scheduled: ReturnType<typeof setImmediate> | undefined
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
    if (this.#scheduled !== undefined || this.#running || this.#stopped) return
    this.#lastWork = performance.now()
    this.#schedule()
  }

  /** There is work: do it now, then stay hot. */
  runNow(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled)
    this.#scheduled = undefined
    if (this.#running || this.#stopped) return
    this.#running = true
    const worked = this.#tasks.work()
    this.#running = false
    if (this.#stopped) return
    const now = performance.now()
    if (worked) this.#worked(now)
    else if (now - this.#lastWork < this.#windowMs) this.#waited = true
    else if (this.#parked()) return
    this.#schedule()
  }

  stop(): void {
    this.#stopped = true
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled)
    this.#scheduled = undefined
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
    this.#scheduled = setImmediate(this.#turn)
  }
}

import type { Lease } from './lease.js'

/** One timer for all leases of a queue. It keeps no process alive: the connection does. */
export class LeaseClock {
  readonly #leases = new Set<Lease>()
  #timer: NodeJS.Timeout | undefined
  #timerAt = Number.POSITIVE_INFINITY

  add(lease: Lease): void {
    this.#leases.add(lease)
    this.#wakeAt(lease.dueAt)
  }

  /** When it is due has changed. */
  changed(lease: Lease): void {
    this.#wakeAt(lease.dueAt)
  }

  remove(lease: Lease): void {
    this.#leases.delete(lease)
  }

  /** All of them, none of which is watched any more. */
  takeAll(): Lease[] {
    const leases = [...this.#leases]
    this.#leases.clear()
    clearTimeout(this.#timer)
    this.#timerAt = Number.POSITIVE_INFINITY
    return leases
  }

  #wakeAt(at: number): void {
    if (at >= this.#timerAt) return
    clearTimeout(this.#timer)
    this.#timerAt = at
    const ms = Math.min(Math.max(0, Math.ceil(at - performance.now())), 2 ** 31 - 1)
    this.#timer = setTimeout(this.#check, ms)
    this.#timer.unref()
  }

  readonly #check = (): void => {
    this.#timerAt = Number.POSITIVE_INFINITY
    const now = performance.now()
    for (const lease of [...this.#leases]) {
      lease.check(now)
      if (lease.over !== undefined) this.#leases.delete(lease)
    }
    let next = Number.POSITIVE_INFINITY
    for (const lease of this.#leases) next = Math.min(next, lease.dueAt)
    if (next < Number.POSITIVE_INFINITY) this.#wakeAt(next)
  }
}

import type { Entry } from './entry.js'

/**
 * Leases that owners of this process have, so that they hear of those whose time was over and that another process has
 * ended.
 */
export class GivenLeases {
  readonly #entries = new Map<number, Entry>()
  /** None ends before. */
  #next = Number.POSITIVE_INFINITY

  get size(): number {
    return this.#entries.size
  }

  add(entry: Entry): void {
    this.#entries.set(entry.seq, entry)
    this.#next = Math.min(this.#next, entry.at)
  }

  delete(seq: number): void {
    this.#entries.delete(seq)
  }

  /** Those whose time is over and that are not held as they were; each is told once. */
  takeEnded(now: number, isHeld: (entry: Entry) => boolean): Entry[] {
    if (now < this.#next) return []
    const ended: Entry[] = []
    this.#next = Number.POSITIVE_INFINITY
    for (const entry of this.#entries.values()) {
      if (entry.at <= now && !isHeld(entry)) {
        this.#entries.delete(entry.seq)
        ended.push(entry)
      } else this.#next = Math.min(this.#next, entry.at)
    }
    return ended
  }
}

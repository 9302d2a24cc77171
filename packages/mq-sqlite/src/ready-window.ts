import type { Entry } from './entry.js'

/** Most messages in it. */
const MOST = 1024
const SHORTEST_TO_SHIFT = 256

function isBefore(a: Entry, b: Entry): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.seq < b.seq)
}

/**
 * The next messages to be delivered, in order, so that the file is asked for them once for many. It knows nothing of
 * what is behind its last one, unless it is `complete`.
 */
export class ReadyWindow {
  #entries: Entry[] = []
  #head = 0
  #complete = false

  /** Whether {@link ReadyWindow.first} is known to be the first one of all. */
  get isKnown(): boolean {
    return this.#complete || this.#head < this.#entries.length
  }

  first(): Entry | undefined {
    return this.#entries[this.#head]
  }

  /** @param complete - Whether there are no others. */
  fill(entries: Entry[], complete: boolean): void {
    this.#entries = entries
    this.#head = 0
    this.#complete = complete
  }

  /** Know nothing. */
  clear(): void {
    this.fill([], false)
  }

  has(entry: Entry): boolean {
    return this.#indexOf(entry) >= 0
  }

  /** Returns one that has no place in it any more. */
  add(entry: Entry): Entry | undefined {
    const entries = this.#entries
    const last = entries[entries.length - 1]
    const { length } = entries
    if (this.#head === length || last === undefined) {
      if (this.#complete) entries.push(entry)
    } else if (isBefore(last, entry)) {
      if (!this.#complete) return undefined
      entries.push(entry)
    } else entries.splice(this.#placeOf(entry), 0, entry)
    if (entries.length - this.#head <= MOST) return undefined
    this.#complete = false
    return entries.pop()
  }

  remove(entry: Entry): void {
    const entries = this.#entries
    if (entries[this.#head] === entry) {
      this.#head++
      if (this.#head >= SHORTEST_TO_SHIFT && this.#head * 2 > entries.length) {
        this.#entries = entries.slice(this.#head)
        this.#head = 0
      }
      return
    }
    const at = this.#indexOf(entry)
    if (at >= 0) entries.splice(at, 1)
  }

  #indexOf(entry: Entry): number {
    const at = this.#placeOf(entry)
    return this.#entries[at] === entry ? at : -1
  }

  /** Where it is, or belongs. */
  #placeOf(entry: Entry): number {
    const entries = this.#entries
    let low = this.#head
    let high = entries.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (isBefore(entries[middle] as Entry, entry)) low = middle + 1
      else high = middle
    }
    return low
  }
}

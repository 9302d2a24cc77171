import type { Entry } from './entry.js'

/** The first message in the order of some time, then place: kept in mind, so that the file is asked for it seldom. */
export class FirstEntry {
  readonly #timeOf: (entry: Entry) => number
  #known = false
  #entry: Entry | undefined

  constructor(timeOf: (entry: Entry) => number) {
    this.#timeOf = timeOf
  }

  /** @param find - Asks the file. */
  get(find: () => Entry | undefined): Entry | undefined {
    if (!this.#known) {
      this.#entry = find()
      this.#known = true
    }
    return this.#entry
  }

  entered(entry: Entry): void {
    const first = this.#entry
    if (!this.#known) return
    const time = this.#timeOf(entry)
    if (first !== undefined) {
      const other = this.#timeOf(first)
      if (time > other || (time === other && entry.seq > first.seq)) return
    }
    this.#entry = entry
  }

  left(entry: Entry): void {
    if (this.#entry === entry) this.clear()
  }

  /** Know nothing. */
  clear(): void {
    this.#known = false
    this.#entry = undefined
  }
}

/** How much of what is under way the receiver says that it has taken, at a time. */
const PARTS = 4

/** Counts what is under way where a channel has no backpressure of its own: the receiver says what it has taken. */
export class Flow {
  readonly #limit: number
  #underWay = 0
  #resume: (() => void) | undefined

  /** @param limit - Messages under way. */
  constructor(limit: number) {
    this.#limit = Math.max(PARTS, limit)
  }

  /** Messages that the receiver takes between two acknowledgements. */
  get part(): number {
    return Math.floor(this.#limit / PARTS)
  }

  /** A message was sent; returns false when there are enough. */
  sent(): boolean {
    return ++this.#underWay < this.#limit
  }

  acknowledged(): void {
    this.#underWay -= this.part
    if (this.#underWay > this.#limit / 2) return
    this.#resume?.()
    this.#resume = undefined
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve
    })
  }
}

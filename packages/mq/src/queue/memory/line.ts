const SHORTEST_TO_SHRINK = 1024

/**
 * A queue from which items also leave in the middle: they stay as gaps until their turn comes or there are too many of
 * them. O(1) each, over time.
 */
export class Line<T> {
  readonly #isIn: (item: T) => boolean
  #items: (T | undefined)[] = []
  #head = 0
  #size = 0

  /** @param isIn - Whether an item that was pushed has not left in the middle. */
  constructor(isIn: (item: T) => boolean) {
    this.#isIn = isIn
  }

  /** Items that are in. */
  get size(): number {
    return this.#size
  }

  push(item: T): void {
    this.#items.push(item)
    this.#size++
  }

  first(): T | undefined {
    if (this.#size === 0) return undefined
    for (;;) {
      const item = this.#items[this.#head] as T
      if (this.#isIn(item)) return item
      this.#advance()
    }
  }

  /** Take out the first one. To be called after {@link Line.first}, and only if there is one. */
  shift(): void {
    this.#size--
    this.#advance()
    if (this.#size === 0) this.clear()
  }

  /** To be called when an item has left in the middle. */
  left(): void {
    this.#size--
    if (this.#size === 0) this.clear()
    else if (this.#items.length - this.#head > 2 * this.#size + SHORTEST_TO_SHRINK) {
      this.#items = [...this]
      this.#head = 0
    }
  }

  clear(): void {
    // What is large is given back.
    if (this.#items.length > SHORTEST_TO_SHRINK) this.#items = []
    else this.#items.length = 0
    this.#head = 0
    this.#size = 0
  }

  *[Symbol.iterator](): Generator<T> {
    for (let at = this.#head; at < this.#items.length; at++) {
      const item = this.#items[at] as T
      if (this.#isIn(item)) yield item
    }
  }

  #advance(): void {
    this.#items[this.#head++] = undefined
    if (this.#head < SHORTEST_TO_SHRINK || this.#head * 2 < this.#items.length) return
    this.#items = this.#items.slice(this.#head)
    this.#head = 0
  }
}

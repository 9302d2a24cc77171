const SHORTEST_TO_SHRINK = 1024

/**
 * A queue whose items know their place in it, so that any of them can leave: it is a gap until its turn comes, or there
 * are too many of them. O(1) each, over time.
 *
 * `slot` names the property with the place, as in a `Heap`: numbers below -1 here, so that one property does for both.
 */
export class Line<Slot extends string, T extends Record<Slot, number>> {
  readonly #slot: Slot
  #items: (T | undefined)[] = []
  /** Where the first one is, if there is any. */
  #head = 0
  /** How many have been in front of these. */
  #before = 0
  #size = 0

  constructor(slot: Slot) {
    this.#slot = slot
  }

  get size(): number {
    return this.#size
  }

  first(): T | undefined {
    return this.#size === 0 ? undefined : this.#items[this.#head]
  }

  last(): T | undefined {
    return this.#size === 0 ? undefined : this.#items[this.#items.length - 1]
  }

  push(item: T): void {
    const items = this.#items
    if (this.#size === 0) this.#head = items.length
    this.#put(item, -2 - this.#before - items.length)
    items.push(item)
    this.#size++
  }

  /** Take out an item, if it is in. */
  remove(item: T): void {
    if (item[this.#slot] > -2) return
    const items = this.#items
    const at = -2 - item[this.#slot] - this.#before
    this.#put(item, -1)
    items[at] = undefined
    this.#size--
    if (this.#size === 0) {
      if (items.length >= SHORTEST_TO_SHRINK) this.#restart([])
    } else if (at === this.#head) this.#advance()
    else if (at === items.length - 1) while (items[items.length - 1] === undefined) items.pop()
    else if (items.length - this.#head > 2 * this.#size + SHORTEST_TO_SHRINK) this.#restart([...this])
  }

  clear(): void {
    for (const item of this) this.#put(item, -1)
    this.#restart([])
  }

  /** In order. */
  *[Symbol.iterator](): Generator<T> {
    if (this.#size === 0) return
    for (let at = this.#head; at < this.#items.length; at++) {
      const item = this.#items[at]
      if (item !== undefined) yield item
    }
  }

  #advance(): void {
    const items = this.#items
    let head = this.#head + 1
    while (items[head] === undefined) head++
    this.#head = head
    if (head < SHORTEST_TO_SHRINK || head * 2 < items.length) return
    this.#items = items.slice(head)
    this.#before += head
    this.#head = 0
  }

  #restart(items: T[]): void {
    this.#items = items
    this.#head = 0
    this.#before = 0
    this.#size = items.length
    for (const [at, item] of items.entries()) this.#put(item, -2 - at)
  }

  #put(item: T, place: number): void {
    const slots: Record<string, number> = item
    slots[this.#slot] = place
  }
}

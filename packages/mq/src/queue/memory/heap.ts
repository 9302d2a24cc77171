interface Place {
  slot: number
  readonly at: number
}

/**
 * A binary heap whose items know their place in it, so that any of them can be taken out: O(log n).
 *
 * `slot` names the property with the place, -1 for an item that is in no heap by that name.
 */
export class Heap<Slot extends string, T extends Record<Slot, number>> {
  readonly #slot: Slot
  readonly #isBefore: (a: T, b: T) => boolean
  readonly #items: T[] = []

  constructor(slot: Slot, isBefore: (a: T, b: T) => boolean) {
    this.#slot = slot
    this.#isBefore = isBefore
  }

  get size(): number {
    return this.#items.length
  }

  first(): T | undefined {
    return this.#items[0]
  }

  add(item: T): void {
    this.#items.push(item)
    this.#rise(item, this.#items.length - 1)
  }

  /** Take out an item, if it is in. */
  remove(item: T): void {
    const at = item[this.#slot] as number
    if (at < 0) return
    this.#put(item, -1)
    const last = this.#items.pop() as T
    if (last === item) return
    this.#place(last, at)
  }

  /** Give an item that has changed its new place. */
  update(item: T): void {
    this.#place(item, item[this.#slot] as number)
  }

  clear(): void {
    for (const item of this.#items) this.#put(item, -1)
    this.#items.length = 0
  }

  /** The items, in no order. */
  [Symbol.iterator](): Iterator<T> {
    return this.#items.values()
  }

  /** The items in order, without taking them out: the first k cost O(k log k). */
  *inOrder(): Generator<T> {
    const items = this.#items
    // Places whose turn it can be, because those above had theirs.
    const next = new Heap<'slot', Place>('slot', (a, b) => this.#isBefore(items[a.at]!, items[b.at]!))
    if (items.length > 0) next.add({ slot: -1, at: 0 })
    for (let place = next.first(); place !== undefined; place = next.first()) {
      next.remove(place)
      const { at } = place
      yield items[at]!
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < items.length) next.add({ slot: -1, at: child })
    }
  }

  #place(item: T, at: number): void {
    const parent = this.#items[(at - 1) >> 1]
    if (at > 0 && parent !== undefined && this.#isBefore(item, parent)) this.#rise(item, at)
    else this.#sink(item, at)
  }

  #rise(item: T, from: number): void {
    const items = this.#items
    let at = from
    while (at > 0) {
      const up = (at - 1) >> 1
      const parent = items[up] as T
      if (!this.#isBefore(item, parent)) break
      items[at] = parent
      this.#put(parent, at)
      at = up
    }
    items[at] = item
    this.#put(item, at)
  }

  #sink(item: T, from: number): void {
    const items = this.#items
    const isBefore = this.#isBefore
    const { length } = items
    let at = from
    while (true) {
      let down = 2 * at + 1
      if (down >= length) break
      if (down + 1 < length && isBefore(items[down + 1] as T, items[down] as T)) down++
      const child = items[down] as T
      if (!isBefore(child, item)) break
      items[at] = child
      this.#put(child, at)
      at = down
    }
    items[at] = item
    this.#put(item, at)
  }

  #put(item: T, at: number): void {
    const slots: Record<string, number> = item
    slots[this.#slot] = at
  }
}

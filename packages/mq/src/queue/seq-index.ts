const FEWEST_PLACES = 16

/**
 * Items by their `seq`, which are numbers that mostly follow each other: open addressing, without an allocation per item.
 * A `Map` makes a new table again and again when a few items come and go.
 */
export class SeqIndex<T extends { readonly seq: number }> {
  #places: (T | undefined)[] = new Array(FEWEST_PLACES).fill(undefined)
  #size = 0

  get size(): number {
    return this.#size
  }

  find(seq: number): T | undefined {
    const places = this.#places
    const mask = places.length - 1
    for (let at = seq & mask; ; at = (at + 1) & mask) {
      const item = places[at]
      if (item === undefined || item.seq === seq) return item
    }
  }

  /** Add an item; there is none with its `seq`. */
  add(item: T): void {
    if (++this.#size * 2 > this.#places.length) this.#resize(2 * this.#places.length)
    this.#put(item)
  }

  remove(seq: number): void {
    const places = this.#places
    const mask = places.length - 1
    let gap = seq & mask
    for (; places[gap]?.seq !== seq; gap = (gap + 1) & mask) if (places[gap] === undefined) return
    // Whoever was pushed on by it moves up, so that nobody is behind a gap.
    for (let at = (gap + 1) & mask; ; at = (at + 1) & mask) {
      const item = places[at]
      if (item === undefined) break
      const home = item.seq & mask
      if (((at - home) & mask) < ((at - gap) & mask)) continue
      places[gap] = item
      gap = at
    }
    places[gap] = undefined
    this.#size--
    if (this.#size * 16 < places.length && places.length > 1024) this.#resize(places.length / 4)
  }

  clear(): void {
    this.#places = new Array(FEWEST_PLACES).fill(undefined)
    this.#size = 0
  }

  *[Symbol.iterator](): Generator<T> {
    for (const item of this.#places) if (item !== undefined) yield item
  }

  #put(item: T): void {
    const places = this.#places
    const mask = places.length - 1
    let at = item.seq & mask
    while (places[at] !== undefined) at = (at + 1) & mask
    places[at] = item
  }

  #resize(length: number): void {
    const before = this.#places
    this.#places = new Array(length).fill(undefined)
    for (const item of before) if (item !== undefined) this.#put(item)
  }
}

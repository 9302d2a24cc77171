const FEWEST_BITS = 4
/** Spreads numbers that follow each other: side by side, each of them would be in the way when another one leaves. */
const SPREAD = 0x9e37_79b1

/**
 * Items by their `seq`, which are numbers that mostly follow each other: open addressing, without an allocation per item.
 * A `Map` makes a new table again and again when a few items come and go.
 */
export class SeqIndex<T extends { readonly seq: number }> {
  #bits = FEWEST_BITS
  #places: (T | undefined)[] = new Array(2 ** FEWEST_BITS).fill(undefined)
  #size = 0

  get size(): number {
    return this.#size
  }

  find(seq: number): T | undefined {
    const places = this.#places
    const mask = places.length - 1
    for (let at = this.#home(seq); ; at = (at + 1) & mask) {
      const item = places[at]
      if (item === undefined || item.seq === seq) return item
    }
  }

  /** Add an item; there is none with its `seq`. */
  add(item: T): void {
    if (++this.#size * 2 > this.#places.length) this.#resize(this.#bits + 1)
    this.#put(item)
  }

  remove(seq: number): void {
    const places = this.#places
    const mask = places.length - 1
    let gap = this.#home(seq)
    for (; places[gap]?.seq !== seq; gap = (gap + 1) & mask) if (places[gap] === undefined) return
    // Whoever was pushed on by it moves up, so that nobody is behind a gap.
    for (let at = (gap + 1) & mask; ; at = (at + 1) & mask) {
      const item = places[at]
      if (item === undefined) break
      if (((at - this.#home(item.seq)) & mask) < ((at - gap) & mask)) continue
      places[gap] = item
      gap = at
    }
    places[gap] = undefined
    this.#size--
    if (this.#size * 16 < places.length && places.length > 1024) this.#resize(this.#bits - 2)
  }

  clear(): void {
    this.#resize(FEWEST_BITS, [])
    this.#size = 0
  }

  *[Symbol.iterator](): Generator<T> {
    for (const item of this.#places) if (item !== undefined) yield item
  }

  #put(item: T): void {
    const places = this.#places
    const mask = places.length - 1
    let at = this.#home(item.seq)
    while (places[at] !== undefined) at = (at + 1) & mask
    places[at] = item
  }

  #home(seq: number): number {
    return Math.imul(seq, SPREAD) >>> (32 - this.#bits)
  }

  #resize(bits: number, items: readonly (T | undefined)[] = this.#places): void {
    this.#bits = bits
    this.#places = new Array(2 ** bits).fill(undefined)
    for (const item of items) if (item !== undefined) this.#put(item)
  }
}

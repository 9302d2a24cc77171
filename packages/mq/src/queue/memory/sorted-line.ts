import { Heap } from './heap.js'
import { Line } from './line.js'

/**
 * Items in an order in which they mostly come: a line for those that do, a heap for the others. O(1) for the former,
 * O(log n) for the latter, of which n is the number.
 *
 * `slot` names the property with the place of an item, -1 while it is in nothing by that name.
 */
export class SortedLine<Slot extends string, T extends Record<Slot, number>> {
  readonly #isBefore: (a: T, b: T) => boolean
  readonly #line: Line<Slot, T>
  readonly #heap: Heap<Slot, T>
  readonly #slot: Slot

  constructor(slot: Slot, isBefore: (a: T, b: T) => boolean) {
    this.#slot = slot
    this.#isBefore = isBefore
    this.#line = new Line(slot)
    this.#heap = new Heap(slot, isBefore)
  }

  get size(): number {
    return this.#line.size + this.#heap.size
  }

  first(): T | undefined {
    const inTurn = this.#line.first()
    const late = this.#heap.first()
    if (inTurn === undefined || late === undefined) return inTurn ?? late
    return this.#isBefore(late, inTurn) ? late : inTurn
  }

  add(item: T): void {
    const last = this.#line.last()
    if (last === undefined || !this.#isBefore(item, last)) this.#line.push(item)
    else this.#heap.add(item)
  }

  /** Take out an item, if it is in. Its place in the order must be the one it was added with. */
  remove(item: T): void {
    if (item[this.#slot] < 0) this.#line.remove(item)
    else this.#heap.remove(item)
  }

  clear(): void {
    this.#line.clear()
    this.#heap.clear()
  }

  /** The items in order, without taking them out: the first k cost O(k log k). */
  *[Symbol.iterator](): Generator<T> {
    const line = this.#line[Symbol.iterator]()
    const heap = this.#heap.inOrder()
    let inTurn = line.next()
    let late = heap.next()
    while (!inTurn.done || !late.done) {
      if (late.done || (!inTurn.done && this.#isBefore(inTurn.value, late.value))) {
        yield inTurn.value as T
        inTurn = line.next()
      } else {
        yield late.value
        late = heap.next()
      }
    }
  }
}

import {
  ENTRY_KIND,
  ENTRY_LENGTH,
  ENTRY_STAMP,
  entryAt,
  MPSC_CONTROL_BYTES,
  stampOf,
  UNIT_BYTES,
  unitBytes,
} from '../ring/mpsc-layout.js'
import { PADDING, RING_HEAD, RING_TAIL } from '../ring/ring-layout.js'
import { copyWords, type Piece, type TailSource } from './ring-tail.js'

/**
 * A ring with many producers, for reading beside it. Producers move the tail before they write, so that a copy is whole
 * if the tail is less than a ring ahead of it when it is done.
 */
export class MpscTail implements TailSource {
  readonly #words: Int32Array
  readonly #ring: number
  readonly #capacity: number

  /** Parameters as of `SpscTail`. */
  constructor(words: Int32Array, offset: number, capacity: number) {
    this.#words = words
    this.#ring = offset
    this.#capacity = capacity
  }

  end(): number {
    return Atomics.load(this.#words, (this.#ring + RING_TAIL) >> 2)
  }

  oldest(): number {
    return Atomics.load(this.#words, (this.#ring + RING_HEAD) >> 2)
  }

  at(position: number): Piece | 'none' | 'gone' {
    const index = position & (this.#capacity - 1)
    const entry = ((this.#ring + MPSC_CONTROL_BYTES + this.#capacity) >> 2) + entryAt(index)
    const field = (word: number): number => Atomics.load(this.#words, entry + word)
    // Pairs with the exchange in MpscWriter that commits.
    if (field(ENTRY_STAMP) !== stampOf(position)) return this.#isAhead(position) ? 'none' : 'gone'
    const length = field(ENTRY_LENGTH)
    const kind = field(ENTRY_KIND)
    if (length >>> 0 > this.#capacity - index) return 'gone'
    const isPadding = kind === PADDING
    const payload = (this.#ring + MPSC_CONTROL_BYTES + index) >> 2
    const copy = isPadding ? undefined : copyWords(this.#words, payload, length)
    if (!this.#isAhead(position)) return 'gone'
    return { bytes: isPadding ? Math.max(UNIT_BYTES, length) : unitBytes(length), kind, payload: copy }
  }

  /** Whether nobody has claimed what lies at `position` a second time. Pairs with the exchange in MpscWriter.tryClaim(). */
  #isAhead(position: number): boolean {
    const ahead = (this.end() - position) | 0
    return ahead >= 0 && ahead <= this.#capacity
  }
}

import {
  BROADCAST_CONTROL_BYTES,
  BROADCAST_HEADER_BYTES,
  BROADCAST_INTENT,
  BROADCAST_KIND,
  BROADCAST_LENGTH,
  BROADCAST_RECORD_POSITION,
  BROADCAST_RECORD_SEQUENCE,
  BROADCAST_TAIL,
  broadcastRecordBytes,
} from '../ring/broadcast-layout.js'
import { PADDING } from '../ring/ring-layout.js'
import { copyWords, type Piece, type TailSource } from './ring-tail.js'

/**
 * A ring with many readers, for reading without being able to write, which `BroadcastReader` needs for its second look.
 * Here every word of the copy and the second look are atomic loads, which the memory keeps in order; and each record
 * says itself where it lies.
 */
export class BroadcastTail implements TailSource {
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
    return this.#load(BROADCAST_TAIL)
  }

  /** The start of the lap that the producer is in, unless it is about to write there; as in `BroadcastReader`. */
  oldest(): number {
    const end = this.end()
    const start = (end - 1) & -this.#capacity
    const isThere = this.#load(BROADCAST_CONTROL_BYTES + BROADCAST_RECORD_POSITION) === start
    return isThere && this.#isWhole(start) ? start : end
  }

  at(position: number): Piece | 'none' | 'gone' {
    const ahead = (this.end() - position) | 0
    if (ahead === 0) return 'none'
    if (ahead < 0 || ahead > this.#capacity) return 'gone'
    const index = position & (this.#capacity - 1)
    const field = (offset: number): number => this.#load(BROADCAST_CONTROL_BYTES + index + offset)
    const length = field(BROADCAST_LENGTH)
    const kind = field(BROADCAST_KIND)
    if (kind === PADDING) {
      const isPadding = length === this.#capacity - index
      return isPadding && this.#isWhole(position) ? { bytes: length, kind, payload: undefined } : 'gone'
    }
    const room = this.#capacity - index - BROADCAST_HEADER_BYTES
    if (length >>> 0 > room || field(BROADCAST_RECORD_POSITION) !== position) return 'gone'
    const sequence = field(BROADCAST_RECORD_SEQUENCE) >>> 0
    const payload = (this.#ring + BROADCAST_CONTROL_BYTES + index + BROADCAST_HEADER_BYTES) >> 2
    const copy = copyWords(this.#words, payload, length)
    if (!this.#isWhole(position)) return 'gone'
    return { bytes: broadcastRecordBytes(length), kind, payload: copy, sequence }
  }

  /** Whether nothing was written over from `position` on. After the copy; pairs with the exchange in BroadcastWriter. */
  #isWhole(position: number): boolean {
    return ((this.#load(BROADCAST_INTENT) - position) | 0) <= this.#capacity
  }

  #load(offset: number): number {
    return Atomics.load(this.#words, (this.#ring + offset) >> 2)
  }
}

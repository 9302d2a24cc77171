import {
  PADDING,
  RECORD_HEADER_BYTES,
  RECORD_KIND,
  RECORD_LENGTH,
  RING_CONTROL_BYTES,
  RING_HEAD,
  RING_TAIL,
  recordBytes,
} from '../ring/ring-layout.js'
import { copyWords, type Piece, type TailSource } from './ring-tail.js'

/**
 * A ring with one producer and one consumer, for reading beside it. What the consumer has not given back is safe from the
 * producer. What it has is read too, for it is most of what there is: as long as the producer has not come closer than
 * half a ring, which it announces only when it publishes. So a producer that stages more than half of a ring at once could
 * tear what is read here.
 */
export class SpscTail implements TailSource {
  readonly #words: Int32Array
  readonly #ring: number
  readonly #capacity: number

  /** @param words - The region. @param offset - Where the ring begins in it, in bytes. */
  constructor(words: Int32Array, offset: number, capacity: number) {
    this.#words = words
    this.#ring = offset
    this.#capacity = capacity
  }

  end(): number {
    return this.#load(RING_TAIL)
  }

  oldest(): number {
    return this.#load(RING_HEAD)
  }

  at(position: number): Piece | 'none' | 'gone' {
    if (this.end() === position) return 'none'
    const index = position & (this.#capacity - 1)
    const length = this.#load(RING_CONTROL_BYTES + index + RECORD_LENGTH)
    const kind = this.#load(RING_CONTROL_BYTES + index + RECORD_KIND)
    if (length >>> 0 > this.#capacity - index - RECORD_HEADER_BYTES) return 'gone'
    const payload = (this.#ring + RING_CONTROL_BYTES + index + RECORD_HEADER_BYTES) >> 2
    const copy = kind === PADDING ? undefined : copyWords(this.#words, payload, length)
    return this.#isWhole(position) ? { bytes: recordBytes(length), kind, payload: copy } : 'gone'
  }

  #isWhole(position: number): boolean {
    // After the copy. Pairs with the stores in SpscReader.release() and SpscWriter.publish().
    if (((this.#load(RING_HEAD) - position) | 0) <= 0) return true
    const behind = (this.end() - position) | 0
    return behind > 0 && behind <= this.#capacity / 2
  }

  #load(offset: number): number {
    return Atomics.load(this.#words, (this.#ring + offset) >> 2)
  }
}

import type { RecordWriter } from './records.js'
import {
  maxSpscRecordBytes,
  PADDING,
  RECORD_HEADER_BYTES,
  RECORD_KIND,
  RECORD_LENGTH,
  RING_CONTROL_BYTES,
  RING_HEAD,
  RING_TAIL,
  recordBytes,
} from './ring-layout.js'

/**
 * The writing half of a ring with one producer and one consumer, neither of which ever blocks the other.
 *
 * The producer owns `tail`, the consumer owns `head`; each keeps a copy of the other's position and looks it up again
 * only when that copy says full or empty (the cached-index ring of Rigtorp and of Folly; records with padding at the
 * wrap as in Agrona). One atomic store publishes a record, or a batch of them.
 */
export class SpscWriter implements RecordWriter {
  readonly capacity: number
  readonly maxRecordBytes: number
  readonly bytes: Uint8Array

  readonly #words: Int32Array
  readonly #control: Int32Array
  readonly #mask: number
  /** Behind the last staged record; what is published may be behind. */
  #tail: number
  /** The consumer's position, as last seen. */
  #head: number
  #claimed = 0

  /**
   * @param buffer - The shared memory.
   * @param offset - Where the ring begins in it, a multiple of 8.
   * @param capacity - Bytes of its record area, a power of two.
   */
  constructor(buffer: ArrayBufferLike, offset: number, capacity: number) {
    this.capacity = capacity
    this.maxRecordBytes = maxSpscRecordBytes(capacity)
    this.bytes = new Uint8Array(buffer, offset + RING_CONTROL_BYTES, capacity)
    this.#words = new Int32Array(buffer, offset + RING_CONTROL_BYTES, capacity / 4)
    this.#control = new Int32Array(buffer, offset, RING_CONTROL_BYTES / 4)
    this.#mask = capacity - 1
    this.#tail = Atomics.load(this.#control, RING_TAIL >> 2)
    this.#head = Atomics.load(this.#control, RING_HEAD >> 2)
  }

  tryClaim(payloadBytes: number, kind: number): number {
    const wanted = recordBytes(payloadBytes)
    let index = this.#tail & this.#mask
    const toEnd = this.capacity - index
    const padding = wanted > toEnd ? toEnd : 0
    if (this.#free() < wanted + padding) {
      // Acquire: pairs with the store in SpscReader.release(); the consumer is done with what lies before this head.
      this.#head = Atomics.load(this.#control, RING_HEAD >> 2)
      if (this.#free() < wanted + padding) return -1
    }
    const words = this.#words
    if (padding > 0) {
      words[(index + RECORD_LENGTH) >> 2] = padding - RECORD_HEADER_BYTES
      words[(index + RECORD_KIND) >> 2] = PADDING
      index = 0
    }
    words[(index + RECORD_LENGTH) >> 2] = payloadBytes
    words[(index + RECORD_KIND) >> 2] = kind
    this.#claimed = padding + wanted
    return index + RECORD_HEADER_BYTES
  }

  /** Make the claimed record shorter: for what is written before its size is known. */
  shrink(index: number, from: number, to: number): void {
    this.#words[(index - RECORD_HEADER_BYTES + RECORD_LENGTH) >> 2] = to
    this.#claimed -= recordBytes(from) - recordBytes(to)
  }

  stage(): void {
    this.#tail = (this.#tail + this.#claimed) | 0
    this.#claimed = 0
  }

  publish(): void {
    // Release: pairs with the load in SpscReader.peek(); headers and payloads are written before it.
    Atomics.store(this.#control, RING_TAIL >> 2, this.#tail)
  }

  abort(): void {
    this.#claimed = 0
  }

  hasRoom(): boolean {
    // Acquire: pairs with the store in SpscReader.release().
    this.#head = Atomics.load(this.#control, RING_HEAD >> 2)
    return this.#free() >= this.capacity / 2
  }

  #free(): number {
    return this.capacity - ((this.#tail - this.#head) | 0)
  }
}

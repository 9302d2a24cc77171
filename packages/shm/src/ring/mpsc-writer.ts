import {
  ENTRY_KIND,
  ENTRY_LENGTH,
  ENTRY_STAMP,
  ENTRY_WORDS,
  entryAt,
  maxMpscRecordBytes,
  stampOf,
  UNIT_BYTES,
  unitBytes,
} from './mpsc-layout.js'
import type { RecordWriter } from './records.js'
import { PADDING, RING_CONTROL_BYTES, RING_HEAD, RING_TAIL } from './ring-layout.js'

/**
 * The writing half of a ring with many producers. A producer claims room by moving `tail` (compare-exchange), fills it
 * in, and commits by the stamp of the record's entry; the consumer takes records in the order of their claims. So a
 * producer that is slow between claim and commit holds back the records claimed after its own, and nothing else.
 *
 * Agrona's ring of this kind (`ManyToOneRingBuffer`) marks what is not committed by zeros, which the consumer has to
 * write over all that it has read. Here an entry carries the position it was committed at, as the slots of the
 * Disruptor carry their lap: what an earlier lap left there does not match.
 */
export class MpscWriter implements RecordWriter {
  readonly capacity: number
  readonly maxRecordBytes: number
  readonly bytes: Uint8Array

  readonly #entries: Int32Array
  readonly #control: Int32Array
  readonly #mask: number
  readonly #lapShift: number
  readonly #sweepMask: number
  #position = 0
  #length = -1
  #kind = 0

  /** Parameters as of `SpscWriter`. */
  constructor(buffer: ArrayBufferLike, offset: number, capacity: number) {
    this.capacity = capacity
    this.maxRecordBytes = maxMpscRecordBytes(capacity)
    this.bytes = new Uint8Array(buffer, offset + RING_CONTROL_BYTES, capacity)
    const units = capacity / UNIT_BYTES
    this.#entries = new Int32Array(buffer, offset + RING_CONTROL_BYTES + capacity, units * ENTRY_WORDS)
    this.#control = new Int32Array(buffer, offset, RING_CONTROL_BYTES / 4)
    this.#mask = capacity - 1
    this.#lapShift = Math.log2(capacity)
    // Positions repeat after 2^32 bytes: a stamp must not lie around for that many laps.
    this.#sweepMask = Math.min(128, 2 ** (32 - this.#lapShift - 2)) - 1
  }

  tryClaim(payloadBytes: number, kind: number): number {
    const control = this.#control
    const wanted = unitBytes(payloadBytes)
    while (true) {
      const tail = Atomics.load(control, RING_TAIL >> 2)
      const index = tail & this.#mask
      const toEnd = this.capacity - index
      const padding = wanted > toEnd ? toEnd : 0
      // Acquire: pairs with the store in MpscReader.release(). Not from a remembered head: the others may have
      // gone around since, so often that it would look near.
      const used = (tail - Atomics.load(control, RING_HEAD >> 2)) | 0
      // Head may have moved past this tail between the two loads: then the exchange fails.
      if (this.capacity - used < wanted + padding) return -1
      const claimed = padding + wanted
      if (Atomics.compareExchange(control, RING_TAIL >> 2, tail, (tail + claimed) | 0) !== tail) continue
      const position = (tail + padding) | 0
      this.#sweep(tail, padding)
      this.#sweep(position, wanted)
      if (padding > 0) this.#commit(tail, padding, PADDING)
      this.#position = position
      this.#length = payloadBytes
      this.#kind = kind
      return padding > 0 ? 0 : index
    }
  }

  stage(): void {
    this.#commit(this.#position, this.#length, this.#kind)
  }

  publish(): void {
    // The stamps have done it.
  }

  abort(): void {
    this.#commit(this.#position, unitBytes(this.#length), PADDING)
  }

  hasRoom(): boolean {
    const control = this.#control
    const tail = Atomics.load(control, RING_TAIL >> 2)
    // Acquire: pairs with the store in MpscReader.release().
    const used = (tail - Atomics.load(control, RING_HEAD >> 2)) | 0
    return used <= this.capacity / 2
  }

  #commit(position: number, length: number, kind: number): void {
    const entries = this.#entries
    const entry = entryAt(position & this.#mask)
    entries[entry + ENTRY_LENGTH] = length
    entries[entry + ENTRY_KIND] = kind
    // Release: pairs with the load in MpscReader.peek(); entry and payload are written before it.
    Atomics.store(entries, entry + ENTRY_STAMP, stampOf(position))
  }

  /**
   * In some laps, forget the stamps of earlier laps inside what was claimed at `position`; its first entry gets a new one
   * anyway. So after such a lap none is older than that.
   */
  #sweep(position: number, bytes: number): void {
    if (((position >>> this.#lapShift) & this.#sweepMask) !== 0) return
    const entries = this.#entries
    const first = entryAt(position & this.#mask)
    const end = first + entryAt(bytes)
    for (let entry = first + ENTRY_WORDS; entry < end; entry += ENTRY_WORDS) entries[entry] = 0
  }
}

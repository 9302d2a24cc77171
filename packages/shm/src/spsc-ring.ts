import { IpcError } from '@ipc/core'
import {
  PADDING,
  RECORD_HEADER_BYTES,
  RECORD_KIND,
  RECORD_LENGTH,
  RING_CONSUMER_PARKED,
  RING_CONTROL_BYTES,
  RING_HEAD,
  RING_PRODUCER_PARKED,
  RING_TAIL,
  recordBytes,
} from './layout.js'

/**
 * A ring of records with one producer and one consumer, on memory that both see. Neither ever blocks the other.
 *
 * Positions are int32 that wrap; `position & mask` is the index of a record. The producer owns `tail`, the consumer
 * owns `head`; each keeps a copy of the other's position and looks it up again only when that copy says full or empty
 * (the cached-index ring of Rigtorp and of Folly; records with padding at the wrap as in Agrona). One atomic store
 * publishes a record, one per batch frees what was read.
 *
 * An instance is used by one role only: the producer's calls, or the consumer's.
 */
export class SpscRing {
  /** Bytes of the record area, a power of two. */
  readonly capacity: number
  /** Longest payload of one record: with it, an empty ring has room wherever the positions are. */
  readonly maxRecordBytes: number
  /** The record area. Payloads lie in it. */
  readonly bytes: Uint8Array
  /** After `peek` returned true: where the payload begins and ends in `bytes`, and its kind. */
  start = 0
  end = 0
  kind = 0

  readonly #words: Int32Array
  readonly #control: Int32Array
  readonly #mask: number
  // Producer: own tail, last seen head. Consumer: own head, last seen tail.
  #tail: number
  #head: number
  #claimed = 0

  /**
   * @param buffer - The shared memory.
   * @param offset - Where the ring begins in it, a multiple of 8.
   * @param capacity - Bytes of its record area, a power of two.
   */
  constructor(buffer: ArrayBufferLike, offset: number, capacity: number) {
    this.capacity = capacity
    this.maxRecordBytes = capacity / 4 - RECORD_HEADER_BYTES
    this.bytes = new Uint8Array(buffer, offset + RING_CONTROL_BYTES, capacity)
    this.#words = new Int32Array(buffer, offset + RING_CONTROL_BYTES, capacity / 4)
    this.#control = new Int32Array(buffer, offset, RING_CONTROL_BYTES / 4)
    this.#mask = capacity - 1
    this.#tail = Atomics.load(this.#control, RING_TAIL >> 2)
    this.#head = Atomics.load(this.#control, RING_HEAD >> 2)
  }

  // Producer

  /**
   * Make room for a record of `payloadBytes` (at most `maxRecordBytes`). Follow with `commit`, or claim again to
   * forget it.
   *
   * @returns the index in `bytes` where the payload goes, a multiple of 8, or -1 when the ring is full.
   */
  tryClaim(payloadBytes: number, kind: number): number {
    const wanted = recordBytes(payloadBytes)
    let index = this.#tail & this.#mask
    const toEnd = this.capacity - index
    const padding = wanted > toEnd ? toEnd : 0
    if (this.#free() < wanted + padding) {
      // Acquire: pairs with the store in release(); the consumer is done with what lies before this head.
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

  /** Publish the claimed record: from now on the consumer can see it. */
  commit(): void {
    this.#tail = (this.#tail + this.#claimed) | 0
    // Release: pairs with the load in peek(); header and payload are written before it.
    Atomics.store(this.#control, RING_TAIL >> 2, this.#tail)
  }

  /** Whether at least half of the ring is free: then a record of any length fits. */
  hasRoom(): boolean {
    // Acquire: pairs with the store in release().
    this.#head = Atomics.load(this.#control, RING_HEAD >> 2)
    return this.#free() >= this.capacity / 2
  }

  /** Ask to be rung when there is room. Check `hasRoom` again afterwards: pairs with `takeProducerParked`. */
  setProducerParked(parked: boolean): void {
    Atomics.store(this.#control, RING_PRODUCER_PARKED >> 2, parked ? 1 : 0)
  }

  /** Whether the consumer sleeps and is to be rung; true for one caller only. Pairs with `setConsumerParked`. */
  takeConsumerParked(): boolean {
    // The plain load first: an exchange for every message would cost more than all the rest.
    if (Atomics.load(this.#control, RING_CONSUMER_PARKED >> 2) === 0) return false
    return Atomics.exchange(this.#control, RING_CONSUMER_PARKED >> 2, 0) === 1
  }

  // Consumer

  /**
   * Whether there is a record; `start`, `end` and `kind` then describe the oldest one.
   *
   * @throws IpcError `IPC_PROTOCOL` when the other side wrote nonsense.
   */
  peek(): boolean {
    while (true) {
      if (this.#head === this.#tail) {
        // Acquire: pairs with the store in commit().
        this.#tail = Atomics.load(this.#control, RING_TAIL >> 2)
        if (this.#head === this.#tail) return false
      }
      const index = this.#head & this.#mask
      const length = this.#words[(index + RECORD_LENGTH) >> 2] as number
      const kind = this.#words[(index + RECORD_KIND) >> 2] as number
      if (length >>> 0 > this.capacity - index - RECORD_HEADER_BYTES) throw this.#corrupt(index, length)
      if (kind !== PADDING) {
        this.start = index + RECORD_HEADER_BYTES
        this.end = this.start + length
        this.kind = kind
        return true
      }
      this.#head = (this.#head + recordBytes(length)) | 0
    }
  }

  /** Step over the record that `peek` found. Its memory is the producer's again after `release`. */
  advance(): void {
    this.#head = (this.#head + recordBytes(this.end - this.start)) | 0
  }

  /** Give the memory of all records stepped over back to the producer. */
  release(): void {
    // Release: pairs with the loads in tryClaim() and hasRoom(); all reads of the records are done.
    Atomics.store(this.#control, RING_HEAD >> 2, this.#head)
  }

  /** Ask to be rung when there is a record. Call `peek` again afterwards: pairs with `takeConsumerParked`. */
  setConsumerParked(parked: boolean): void {
    Atomics.store(this.#control, RING_CONSUMER_PARKED >> 2, parked ? 1 : 0)
  }

  /** Whether the producer waits for room, and there is some: it is to be rung. True for one caller only. */
  takeProducerParked(): boolean {
    if (Atomics.load(this.#control, RING_PRODUCER_PARKED >> 2) === 0) return false
    const used = (Atomics.load(this.#control, RING_TAIL >> 2) - this.#head) | 0
    if (used > this.capacity / 2) return false
    return Atomics.exchange(this.#control, RING_PRODUCER_PARKED >> 2, 0) === 1
  }

  #corrupt(index: number, length: number): IpcError {
    return new IpcError('IPC_PROTOCOL', `the ring is corrupt: a record of ${length} bytes at ${index}`, {
      details: { index, length, capacity: this.capacity, head: this.#head, tail: this.#tail },
    })
  }

  #free(): number {
    return this.capacity - ((this.#tail - this.#head) | 0)
  }
}

import { IpcError } from '@ipc/core'
import type { RecordReader } from './records.js'
import {
  PADDING,
  RECORD_HEADER_BYTES,
  RECORD_KIND,
  RECORD_LENGTH,
  RING_CONTROL_BYTES,
  RING_HEAD,
  RING_TAIL,
  recordBytes,
} from './ring-layout.js'

/** The reading half of a ring with one producer and one consumer; see `SpscWriter`. */
export class SpscReader implements RecordReader {
  readonly capacity: number
  readonly bytes: Uint8Array
  start = 0
  end = 0
  kind = 0

  readonly #words: Int32Array
  readonly #control: Int32Array
  readonly #mask: number
  /** Behind the last record stepped over; what is released may be behind. */
  #head: number
  #released: number
  /** The producer's position, as last seen. */
  #tail: number

  /** Parameters as of `SpscWriter`. */
  constructor(buffer: ArrayBufferLike, offset: number, capacity: number) {
    this.capacity = capacity
    this.bytes = new Uint8Array(buffer, offset + RING_CONTROL_BYTES, capacity)
    this.#words = new Int32Array(buffer, offset + RING_CONTROL_BYTES, capacity / 4)
    this.#control = new Int32Array(buffer, offset, RING_CONTROL_BYTES / 4)
    this.#mask = capacity - 1
    this.#head = Atomics.load(this.#control, RING_HEAD >> 2)
    this.#released = this.#head
    this.#tail = this.#head
  }

  /** @throws IpcError `IPC_PROTOCOL` when the producer wrote nonsense. */
  peek(): boolean {
    while (true) {
      if (this.#head === this.#tail) {
        // Acquire: pairs with the store in SpscWriter.publish().
        const tail = Atomics.load(this.#control, RING_TAIL >> 2)
        if (this.#head === tail) return false
        const used = (tail - this.#head) >>> 0
        if (used > this.capacity) throw this.#corrupt(`${used} bytes in use`)
        this.#tail = tail
      }
      const index = this.#head & this.#mask
      const length = this.#words[(index + RECORD_LENGTH) >> 2] as number
      const kind = this.#words[(index + RECORD_KIND) >> 2] as number
      const most = Math.min(this.capacity - index, (this.#tail - this.#head) | 0) - RECORD_HEADER_BYTES
      if (length >>> 0 > most) throw this.#corrupt(`a record of ${length} bytes at ${index}`)
      if (kind !== PADDING) {
        this.start = index + RECORD_HEADER_BYTES
        this.end = this.start + length
        this.kind = kind
        return true
      }
      this.#head = (this.#head + recordBytes(length)) | 0
    }
  }

  advance(): void {
    this.#head = (this.#head + recordBytes(this.end - this.start)) | 0
  }

  release(): void {
    this.#released = this.#head
    // Release: pairs with the loads in SpscWriter; all reads of the records are done.
    Atomics.store(this.#control, RING_HEAD >> 2, this.#head)
  }

  hasRoom(): boolean {
    // Acquire: pairs with the store in SpscWriter.publish().
    const used = (Atomics.load(this.#control, RING_TAIL >> 2) - this.#head) | 0
    return used <= this.capacity / 2
  }

  get releaseBytes(): number {
    return (this.#head - this.#released) | 0
  }

  #corrupt(what: string): IpcError {
    return new IpcError('IPC_PROTOCOL', `the ring is corrupt: ${what}`, {
      details: { capacity: this.capacity, head: this.#head, tail: this.#tail },
    })
  }
}

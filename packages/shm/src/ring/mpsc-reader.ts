import { IpcError } from '@ipc/core'
import {
  ENTRY_KIND,
  ENTRY_LENGTH,
  ENTRY_STAMP,
  ENTRY_WORDS,
  entryAt,
  stampOf,
  UNIT_BYTES,
  unitBytes,
} from './mpsc-layout.js'
import type { RecordReader } from './records.js'
import { PADDING, RING_CONTROL_BYTES, RING_HEAD, RING_TAIL } from './ring-layout.js'

/** The reading half of a ring with many producers; see `MpscWriter`. */
export class MpscReader implements RecordReader {
  readonly capacity: number
  readonly bytes: Uint8Array
  start = 0
  end = 0
  kind = 0

  readonly #entries: Int32Array
  readonly #control: Int32Array
  readonly #mask: number
  #head: number
  #released: number

  /** Parameters as of `SpscWriter`. */
  constructor(buffer: ArrayBufferLike, offset: number, capacity: number) {
    this.capacity = capacity
    this.bytes = new Uint8Array(buffer, offset + RING_CONTROL_BYTES, capacity)
    const units = capacity / UNIT_BYTES
    this.#entries = new Int32Array(buffer, offset + RING_CONTROL_BYTES + capacity, units * ENTRY_WORDS)
    this.#control = new Int32Array(buffer, offset, RING_CONTROL_BYTES / 4)
    this.#mask = capacity - 1
    this.#head = Atomics.load(this.#control, RING_HEAD >> 2)
    this.#released = this.#head
  }

  /** @throws IpcError `IPC_PROTOCOL` when a producer wrote nonsense. */
  peek(): boolean {
    const entries = this.#entries
    while (true) {
      const index = this.#head & this.#mask
      const entry = entryAt(index)
      // Acquire: pairs with the store in MpscWriter: entry and payload are there.
      if (Atomics.load(entries, entry + ENTRY_STAMP) !== stampOf(this.#head)) return false
      const length = entries[entry + ENTRY_LENGTH] as number
      const kind = entries[entry + ENTRY_KIND] as number
      if (length >>> 0 > this.capacity - index) throw this.#corrupt(index, length)
      if (kind !== PADDING) {
        this.start = index
        this.end = index + length
        this.kind = kind
        return true
      }
      if (length === 0 || length % UNIT_BYTES !== 0) throw this.#corrupt(index, length)
      this.#head = (this.#head + length) | 0
    }
  }

  advance(): void {
    this.#head = (this.#head + unitBytes(this.end - this.start)) | 0
  }

  release(): void {
    this.#released = this.#head
    // Release: pairs with the loads in MpscWriter; all reads of the records are done.
    Atomics.store(this.#control, RING_HEAD >> 2, this.#head)
  }

  hasRoom(): boolean {
    const used = (Atomics.load(this.#control, RING_TAIL >> 2) - this.#head) | 0
    return used <= this.capacity / 2
  }

  get releaseBytes(): number {
    return (this.#head - this.#released) | 0
  }

  #corrupt(index: number, length: number): IpcError {
    return new IpcError('IPC_PROTOCOL', `the ring is corrupt: a record of ${length} bytes at ${index}`, {
      details: { index, length, capacity: this.capacity, head: this.#head },
    })
  }
}

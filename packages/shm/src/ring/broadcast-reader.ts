import { IpcError } from '@ipc/core'
import {
  BROADCAST_CONTROL_BYTES,
  BROADCAST_HEADER_BYTES,
  BROADCAST_INTENT,
  BROADCAST_KIND,
  BROADCAST_LENGTH,
  BROADCAST_READERS,
  BROADCAST_RECORD_SEQUENCE,
  BROADCAST_TAIL,
  broadcastRecordBytes,
  MAX_READERS,
  READER_BYTES,
  READER_EPOCH,
  READER_FREE,
  READER_HOLDING,
  READER_JOINING,
  READER_PARTICIPANT,
  READER_POSITION,
  READER_STATE,
} from './broadcast-layout.js'
import type { RecordReader } from './records.js'
import { PADDING } from './ring-layout.js'

/** Least memory that a reader copies records to. */
const COPY_BYTES = 16_384

/** How a {@link BroadcastReader} begins and keeps up. */
export interface BroadcastReaderOptions {
  readonly from: 'latest' | 'oldest'
  /** The participant that the producer waits for, when this reader holds it back. */
  readonly holdAs: { readonly participant: number; readonly epoch: number } | undefined
  /** Throw `IPC_QUEUE_FULL` instead of going on after being lapped. */
  readonly failWhenLapped: boolean
}

/**
 * One of the readers of a ring with many. It copies a block of records, then looks whether the producer has announced
 * to write there meanwhile: if not, the copy is whole. If it has, the reader was lapped: it goes on with what is still
 * there, and the numbers of the records tell how many it lost.
 */
export class BroadcastReader implements RecordReader {
  readonly capacity: number
  /** The copy: records are read from here. */
  readonly bytes: Uint8Array
  start = 0
  end = 0
  kind = 0
  /** Records that this reader did not get because it was lapped. */
  lost = 0

  readonly #area: Uint8Array
  readonly #words: Int32Array
  readonly #control: Int32Array
  readonly #mask: number
  readonly #slot: number
  readonly #failWhenLapped: boolean
  /** Position of the copy's next record. */
  #position: number
  /** The copy's next record, and its end, in `bytes`. */
  #at = 0
  #copied = 0
  #expected: number | undefined

  /** Parameters as of `SpscWriter`. */
  constructor(buffer: ArrayBufferLike, offset: number, capacity: number, options: BroadcastReaderOptions) {
    this.capacity = capacity
    this.bytes = new Uint8Array(Math.min(capacity, Math.max(COPY_BYTES, capacity / 8)))
    this.#words = new Int32Array(this.bytes.buffer)
    this.#area = new Uint8Array(buffer, offset + BROADCAST_CONTROL_BYTES, capacity)
    this.#control = new Int32Array(buffer, offset, BROADCAST_CONTROL_BYTES / 4)
    this.#mask = capacity - 1
    this.#failWhenLapped = options.failWhenLapped
    this.#slot = options.holdAs === undefined ? -1 : this.#join(options.holdAs)
    if (this.#slot >= 0) this.#position = this.#control[this.#slot + (READER_POSITION >> 2)] as number
    else {
      const tail = Atomics.load(this.#control, BROADCAST_TAIL >> 2)
      this.#position = options.from === 'oldest' ? this.#oldest(tail) : tail
    }
  }

  /** @throws IpcError `IPC_PROTOCOL` when the producer wrote nonsense; `IPC_QUEUE_FULL` as the options say. */
  peek(): boolean {
    while (this.#at < this.#copied || this.#copy()) {
      const words = this.#words
      const length = words[(this.#at + BROADCAST_LENGTH) >> 2] as number
      const kind = words[(this.#at + BROADCAST_KIND) >> 2] as number
      const sequence = words[(this.#at + BROADCAST_RECORD_SEQUENCE) >> 2] as number
      if (kind === PADDING) {
        if (length !== this.capacity - (this.#position & this.#mask)) throw this.#corrupt(length)
        this.#skipTo((this.#position + length) | 0)
        continue
      }
      const bytes = broadcastRecordBytes(length)
      if (length < 0 || bytes > this.capacity / 8) throw this.#corrupt(length)
      if (this.#at + bytes > this.#copied) {
        // The rest of the record was not copied: once more, from its start.
        this.#copied = this.#at
        continue
      }
      if (this.#expected !== undefined) this.lost += (sequence - this.#expected) | 0
      this.#expected = sequence
      if (this.lost > 0 && this.#failWhenLapped) throw this.#lapped()
      this.start = this.#at + BROADCAST_HEADER_BYTES
      this.end = this.start + length
      this.kind = kind
      return true
    }
    return false
  }

  advance(): void {
    const bytes = broadcastRecordBytes(this.end - this.start)
    this.#at += bytes
    this.#position = (this.#position + bytes) | 0
    this.#expected = ((this.#expected as number) + 1) | 0
  }

  release(): void {
    this.#hold()
  }

  hasRoom(): boolean {
    const used = (Atomics.load(this.#control, BROADCAST_TAIL >> 2) - this.#position) | 0
    return used <= this.capacity / 2
  }

  get releaseBytes(): number {
    return 0
  }

  /** Give up the slot of a reader that holds the producer back. */
  leave(): void {
    if (this.#slot < 0) return
    Atomics.compareExchange(this.#control, this.#slot + (READER_STATE >> 2), READER_HOLDING, READER_FREE)
  }

  /** Copy the next records. Returns whether there are any. */
  #copy(): boolean {
    while (true) {
      // Acquire: pairs with the store in BroadcastWriter.publish().
      const tail = Atomics.load(this.#control, BROADCAST_TAIL >> 2)
      const there = (tail - this.#position) | 0
      if (there === 0) return false
      if (there > 0 && there <= this.capacity) {
        const index = this.#position & this.#mask
        const bytes = Math.min(there, this.bytes.length, this.capacity - index)
        this.bytes.set(this.#area.subarray(index, index + bytes))
        if (this.#slot >= 0 || this.#isWhole()) {
          this.#at = 0
          this.#copied = bytes
          return true
        }
      }
      this.#skipTo(this.#oldest(Atomics.load(this.#control, BROADCAST_TAIL >> 2)))
    }
  }

  /** Whether nothing was written over since `#position`. What the producer waits for is not. */
  #isWhole(): boolean {
    // Pairs with the exchange in BroadcastWriter: see there.
    const intent = Atomics.add(this.#control, BROADCAST_INTENT >> 2, 0)
    return ((intent - this.#position) | 0) <= this.capacity
  }

  /**
   * A place to go on from after being lapped: index 0 is always the start of a record. When the producer will soon be
   * there again, what it has published so far is given up.
   */
  #oldest(tail: number): number {
    const sinceStart = tail & this.#mask
    return sinceStart <= (this.capacity / 4) * 3 ? (tail - sinceStart) | 0 : tail
  }

  #skipTo(position: number): void {
    this.#position = position
    this.#at = this.#copied
  }

  #join({ participant, epoch }: { readonly participant: number; readonly epoch: number }): number {
    const control = this.#control
    for (let slot = 0; slot < MAX_READERS; slot++) {
      const at = (BROADCAST_READERS + slot * READER_BYTES) >> 2
      const state = at + (READER_STATE >> 2)
      if (Atomics.compareExchange(control, state, READER_FREE, READER_JOINING) !== READER_FREE) continue
      control[at + (READER_PARTICIPANT >> 2)] = participant
      control[at + (READER_EPOCH >> 2)] = epoch
      Atomics.store(control, at + (READER_POSITION >> 2), Atomics.load(control, BROADCAST_TAIL >> 2))
      Atomics.store(control, state, READER_HOLDING)
      return at
    }
    throw new IpcError(
      'IPC_OUT_OF_MEMORY',
      `a ring has at most ${MAX_READERS} readers that hold the producer back`,
    )
  }

  #hold(): void {
    // Release: pairs with the load in BroadcastWriter; what lies before was copied.
    if (this.#slot >= 0) Atomics.store(this.#control, this.#slot + (READER_POSITION >> 2), this.#position)
  }

  #lapped(): IpcError {
    return new IpcError(
      'IPC_QUEUE_FULL',
      `the reader fell a whole ring behind and lost ${this.lost} records`,
      {
        details: { lost: this.lost },
      },
    )
  }

  #corrupt(length: number): IpcError {
    return new IpcError('IPC_PROTOCOL', `the ring is corrupt: a record of ${length} bytes`, {
      details: { length, position: this.#position, capacity: this.capacity },
    })
  }
}

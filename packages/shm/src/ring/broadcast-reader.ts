import { IpcError } from '@ipc/core'
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
  maxBroadcastRecordBytes,
  sequenceAt,
} from './broadcast-layout.js'
import type { HoldingReaders } from './holding-readers.js'
import type { RecordReader } from './records.js'
import { PADDING } from './ring-layout.js'

/** Least memory that a reader copies records to. */
const COPY_BYTES = 16_384

/** How a {@link BroadcastReader} begins and keeps up. */
export interface BroadcastReaderOptions {
  readonly from: 'latest' | 'oldest'
  /** The participant that the producer waits for, when this reader holds it back. */
  readonly holdAs: number | undefined
  readonly holding: HoldingReaders
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
  readonly #areaWords: Int32Array
  readonly #words: Int32Array
  readonly #control: Int32Array
  readonly #mask: number
  readonly #longest: number
  readonly #holding: HoldingReaders
  readonly #failWhenLapped: boolean
  readonly #holdAs: number | undefined
  /** -1 when the producer does not wait for this reader. */
  #slot = -1
  /** Position of the copy's next record; and the one up to which the producer need not wait. */
  #position: number
  #held: number
  /** The copy's next record, and its end, in `bytes`. */
  #at = 0
  #copied = 0
  /** The tail when what was found was no record. */
  #resumedAt: number | undefined
  /** Number of the record that would come if none was lost. */
  #expected: number

  /** Parameters as of `SpscWriter`. */
  constructor(buffer: ArrayBufferLike, offset: number, capacity: number, options: BroadcastReaderOptions) {
    const { from, holdAs, holding, failWhenLapped } = options
    this.capacity = capacity
    this.bytes = new Uint8Array(Math.min(capacity, Math.max(COPY_BYTES, capacity / 8)))
    this.#words = new Int32Array(this.bytes.buffer)
    this.#area = new Uint8Array(buffer, offset + BROADCAST_CONTROL_BYTES, capacity)
    this.#areaWords = new Int32Array(buffer, offset + BROADCAST_CONTROL_BYTES, capacity / 4)
    this.#control = new Int32Array(buffer, offset, BROADCAST_CONTROL_BYTES / 4)
    this.#mask = capacity - 1
    this.#longest = maxBroadcastRecordBytes(capacity)
    this.#holding = holding
    this.#failWhenLapped = failWhenLapped
    this.#holdAs = holdAs
    if (holdAs !== undefined) this.#slot = holding.join(holdAs)
    // After joining: what the producer wrote before it could see this reader lies before this tail.
    this.#position = from === 'oldest' ? this.#oldest() : this.#tail()
    this.#held = this.#position
    if (this.#slot >= 0) holding.move(this.#slot, this.#position)
    // It may be that of a later one: what was written since is not counted, though it may be read.
    this.#expected = sequenceAt(this.#control, from === 'oldest' ? this.#tail() : this.#position)
  }

  /** @throws IpcError `IPC_PROTOCOL` when the producer wrote nonsense; `IPC_QUEUE_FULL` as the options say. */
  peek(): boolean {
    while (this.#at < this.#copied || this.#copy()) {
      const words = this.#words
      const length = words[(this.#at + BROADCAST_LENGTH) >> 2] as number
      const kind = words[(this.#at + BROADCAST_KIND) >> 2] as number
      const index = this.#position & this.#mask
      if (kind === PADDING && index > 0 && length === this.capacity - index) {
        this.#skipTo((this.#position + length) | 0)
      } else if (this.#at + BROADCAST_HEADER_BYTES > this.#copied) {
        this.#copyAgain()
      } else if (words[(this.#at + BROADCAST_RECORD_POSITION) >> 2] !== this.#position) {
        this.#resume()
      } else if (kind < 0 || length >>> 0 > this.#longest) {
        throw this.#corrupt()
      } else if (this.#at + broadcastRecordBytes(length) > this.#copied) {
        this.#copyAgain()
      } else {
        this.#count(words[(this.#at + BROADCAST_RECORD_SEQUENCE) >> 2] as number)
        this.start = this.#at + BROADCAST_HEADER_BYTES
        this.end = this.start + length
        this.kind = kind
        return true
      }
    }
    return false
  }

  advance(): void {
    const bytes = broadcastRecordBytes(this.end - this.start)
    this.#at += bytes
    this.#position = (this.#position + bytes) | 0
    this.#expected = (this.#expected + 1) | 0
  }

  release(): void {
    this.#held = this.#position
    if (this.#slot >= 0) this.#holding.move(this.#slot, this.#position)
  }

  hasRoom(): boolean {
    const used = (this.#tail() - this.#position) | 0
    return used <= this.capacity / 2
  }

  get releaseBytes(): number {
    return this.#slot < 0 ? 0 : (this.#position - this.#held) | 0
  }

  /** Give up the slot of a reader that holds the producer back. */
  leave(): void {
    if (this.#slot >= 0) this.#holding.leave(this.#slot, this.#holdAs as number)
    this.#slot = -1
  }

  #tail(): number {
    // Acquire: pairs with the store in BroadcastWriter.publish().
    return Atomics.load(this.#control, BROADCAST_TAIL >> 2)
  }

  /** Copy the next records. Returns whether there are any. */
  #copy(): boolean {
    while (true) {
      const there = (this.#tail() - this.#position) | 0
      if (there === 0) return false
      if (there > 0 && there <= this.capacity) {
        const index = this.#position & this.#mask
        const bytes = Math.min(there, this.bytes.length, this.capacity - index)
        this.bytes.set(this.#area.subarray(index, index + bytes))
        if (this.#isWhole(this.#position)) {
          this.#at = 0
          this.#copied = bytes
          return true
        }
      }
      this.#skipTo(this.#oldest())
    }
  }

  /** Whether nothing was written over from `position` on. */
  #isWhole(position: number): boolean {
    // Pairs with the exchange in BroadcastWriter: see there.
    const intent = Atomics.add(this.#control, BROADCAST_INTENT >> 2, 0)
    return ((intent - position) | 0) <= this.capacity
  }

  /**
   * Where to go on after being lapped: at the start of the lap that the producer is in, where there is always the start
   * of a record, unless it is about to write there; then behind what it has published.
   */
  #oldest(): number {
    const tail = this.#tail()
    // At the very end of a lap, that one.
    const start = (tail - 1) & -this.capacity
    // In a ring that was never written there is none.
    const isThere = this.#areaWords[BROADCAST_RECORD_POSITION >> 2] === start
    return isThere && this.#isWhole(start) ? start : tail
  }

  #skipTo(position: number): void {
    this.#position = position
    this.#at = this.#copied
  }

  /** The copy ends within a record: once more, from its start. */
  #copyAgain(): void {
    if (this.#at === 0) this.#resume()
    else this.#copied = this.#at
  }

  /**
   * What lies here is no record. After a pause of 2^32 bytes positions have come around, and this one may be anywhere in
   * a record; but that happens neither at the start of a lap, nor twice in a row.
   */
  #resume(): void {
    const tail = this.#tail()
    if ((this.#position & this.#mask) === 0 || tail === this.#resumedAt) throw this.#corrupt()
    this.#resumedAt = tail
    this.#skipTo(this.#oldest())
  }

  #count(sequence: number): void {
    const missing = (sequence - this.#expected) | 0
    if (missing > 0) this.lost += missing
    this.#expected = sequence
    if (this.lost > 0 && this.#failWhenLapped) throw this.#lapped()
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

  #corrupt(): IpcError {
    const at = this.#position & this.#mask
    return new IpcError('IPC_PROTOCOL', `the ring is corrupt: no record at ${at}`, {
      details: { position: this.#position, capacity: this.capacity },
    })
  }
}

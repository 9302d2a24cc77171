import {
  BROADCAST_CONTROL_BYTES,
  BROADCAST_HEADER_BYTES,
  BROADCAST_INTENT,
  BROADCAST_KIND,
  BROADCAST_LENGTH,
  BROADCAST_MARKS,
  BROADCAST_RECORD_POSITION,
  BROADCAST_RECORD_SEQUENCE,
  BROADCAST_TAIL,
  broadcastRecordBytes,
  MARK_BYTES,
  MARK_POSITION,
  MARK_SEQUENCE,
  maxBroadcastRecordBytes,
  sequenceAt,
} from './broadcast-layout.js'
import type { HoldingReaders } from './holding-readers.js'
import type { RecordWriter } from './records.js'
import { PADDING } from './ring-layout.js'

/** How often a producer that is held back asks whether those readers still live. */
export const CHECK_MS = 100

/**
 * The writing half of a ring with many readers (Agrona's broadcast protocol, with readers that may hold the producer
 * back). Before it writes over anything the producer announces in `intent` how far it is going to write; a reader that
 * has copied something looks at `intent` after it, and knows whether the copy is whole.
 *
 * The announcement is made for a sixteenth of the ring at once, so that a record does not cost one; but not for what a
 * reader holds, and not beyond the end of the lap, whose start is where readers go on that were lapped.
 */
export class BroadcastWriter implements RecordWriter {
  readonly capacity: number
  readonly maxRecordBytes: number
  readonly bytes: Uint8Array

  readonly #words: Int32Array
  readonly #control: Int32Array
  readonly #mask: number
  readonly #holding: HoldingReaders
  #tail: number
  #published: number
  #intent: number
  #sequence: number
  /** Up to here no reader is in the way that holds the producer back, when last looked. */
  #limit: number
  /** The mark to write next: never that of what is published. */
  #mark = 0
  #claimed = 0
  #checkedAt = 0

  /** Parameters as of `SpscWriter`. */
  constructor(buffer: ArrayBufferLike, offset: number, capacity: number, holding: HoldingReaders) {
    this.capacity = capacity
    this.maxRecordBytes = maxBroadcastRecordBytes(capacity)
    this.bytes = new Uint8Array(buffer, offset + BROADCAST_CONTROL_BYTES, capacity)
    this.#words = new Int32Array(buffer, offset + BROADCAST_CONTROL_BYTES, capacity / 4)
    this.#control = new Int32Array(buffer, offset, BROADCAST_CONTROL_BYTES / 4)
    this.#mask = capacity - 1
    this.#holding = holding
    this.#tail = Atomics.load(this.#control, BROADCAST_TAIL >> 2)
    this.#published = this.#tail
    this.#intent = Atomics.load(this.#control, BROADCAST_INTENT >> 2)
    this.#sequence = sequenceAt(this.#control, this.#tail)
    if (this.#control[(BROADCAST_MARKS + MARK_POSITION) >> 2] === this.#tail) this.#mark = 1
    this.#limit = this.#tail
  }

  tryClaim(payloadBytes: number, kind: number): number {
    const wanted = broadcastRecordBytes(payloadBytes)
    let index = this.#tail & this.#mask
    const toEnd = this.capacity - index
    const padding = wanted > toEnd ? toEnd : 0
    const end = (this.#tail + padding + wanted) | 0
    if (((end - this.#limit) | 0) > 0 && !this.#passReaders(end)) return -1
    if (((end - this.#intent) | 0) > 0) this.#announce(end)
    const words = this.#words
    if (padding > 0) {
      words[(index + BROADCAST_LENGTH) >> 2] = padding
      words[(index + BROADCAST_KIND) >> 2] = PADDING
      index = 0
    }
    words[(index + BROADCAST_LENGTH) >> 2] = payloadBytes
    words[(index + BROADCAST_KIND) >> 2] = kind
    words[(index + BROADCAST_RECORD_SEQUENCE) >> 2] = this.#sequence
    words[(index + BROADCAST_RECORD_POSITION) >> 2] = this.#tail + padding
    this.#claimed = padding + wanted
    return index + BROADCAST_HEADER_BYTES
  }

  stage(): void {
    this.#tail = (this.#tail + this.#claimed) | 0
    this.#claimed = 0
    this.#sequence = (this.#sequence + 1) | 0
  }

  publish(): void {
    if (this.#published === this.#tail) return
    this.#published = this.#tail
    // Before the tail: a reader that begins there, and the next producer, look at it after the tail.
    const mark = (BROADCAST_MARKS + this.#mark * MARK_BYTES) >> 2
    this.#control[mark + (MARK_POSITION >> 2)] = this.#tail
    this.#control[mark + (MARK_SEQUENCE >> 2)] = this.#sequence
    this.#mark ^= 1
    // Release: pairs with the load in BroadcastReader; the records are written before it.
    Atomics.store(this.#control, BROADCAST_TAIL >> 2, this.#tail)
  }

  abort(): void {
    this.#claimed = 0
  }

  hasRoom(): boolean {
    // Holding readers may all have gone half a ring on since.
    return this.#passReaders((this.#tail + this.capacity / 2) | 0)
  }

  #announce(end: number): void {
    const toLapEnd = -end & this.#mask
    const intent = (end + Math.min(this.capacity / 16, (this.#limit - end) | 0, toLapEnd)) | 0
    // A read-modify-write, and so is the reader's look at it: either the reader sees this, and drops its copy, or its
    // copy was made before anything below is written.
    Atomics.exchange(this.#control, BROADCAST_INTENT >> 2, intent)
    this.#intent = intent
  }

  /** Whether all holding readers have read what lies a ring before `end`. */
  #passReaders(end: number): boolean {
    // A reader that this look misses began later, and so at what is published, or behind it.
    this.#limit = (this.#holding.slowest(this.#published) + this.capacity) | 0
    if (((end - this.#limit) | 0) <= 0) return true
    const now = performance.now()
    if (now - this.#checkedAt < CHECK_MS) return false
    this.#checkedAt = now
    return this.#holding.removeDead() && this.#passReaders(end)
  }
}

import type { Participants } from '../wait/participants.js'
import {
  BROADCAST_CONTROL_BYTES,
  BROADCAST_HEADER_BYTES,
  BROADCAST_INTENT,
  BROADCAST_KIND,
  BROADCAST_LENGTH,
  BROADCAST_READERS,
  BROADCAST_RECORD_SEQUENCE,
  BROADCAST_SEQUENCE,
  BROADCAST_TAIL,
  broadcastRecordBytes,
  MAX_READERS,
  READER_BYTES,
  READER_EPOCH,
  READER_FREE,
  READER_HOLDING,
  READER_PARTICIPANT,
  READER_POSITION,
  READER_STATE,
} from './broadcast-layout.js'
import type { RecordWriter } from './records.js'
import { PADDING } from './ring-layout.js'

/** How often the producer asks whether readers that hold it back still live. */
const CHECK_MS = 100

/**
 * The writing half of a ring with many readers (Agrona's broadcast protocol, with readers that may hold the producer
 * back). Before it writes over anything the producer announces in `intent` how far it is going to write; a reader that
 * has copied something looks at `intent` after it, and knows whether the copy is whole.
 *
 * The announcement is made for a sixteenth of the ring at once, so that a record does not cost one.
 */
export class BroadcastWriter implements RecordWriter {
  readonly capacity: number
  readonly maxRecordBytes: number
  readonly bytes: Uint8Array

  readonly #words: Int32Array
  readonly #control: Int32Array
  readonly #mask: number
  readonly #participants: Participants
  #tail: number
  #published: number
  #intent: number
  #sequence: number
  /** As far as no holding reader is in the way, when last looked. */
  #limit: number
  #claimed = 0
  #checkedAt = 0

  /** Parameters as of `SpscWriter`. */
  constructor(buffer: ArrayBufferLike, offset: number, capacity: number, participants: Participants) {
    this.capacity = capacity
    this.maxRecordBytes = capacity / 8 - BROADCAST_HEADER_BYTES
    this.bytes = new Uint8Array(buffer, offset + BROADCAST_CONTROL_BYTES, capacity)
    this.#words = new Int32Array(buffer, offset + BROADCAST_CONTROL_BYTES, capacity / 4)
    this.#control = new Int32Array(buffer, offset, BROADCAST_CONTROL_BYTES / 4)
    this.#mask = capacity - 1
    this.#participants = participants
    this.#tail = Atomics.load(this.#control, BROADCAST_TAIL >> 2)
    this.#published = this.#tail
    this.#intent = Atomics.load(this.#control, BROADCAST_INTENT >> 2)
    this.#sequence = Atomics.load(this.#control, BROADCAST_SEQUENCE >> 2)
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
      words[(index + BROADCAST_RECORD_SEQUENCE) >> 2] = this.#sequence
      index = 0
    }
    words[(index + BROADCAST_LENGTH) >> 2] = payloadBytes
    words[(index + BROADCAST_KIND) >> 2] = kind
    words[(index + BROADCAST_RECORD_SEQUENCE) >> 2] = this.#sequence
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
    // For the next producer only, so before the tail.
    this.#control[BROADCAST_SEQUENCE >> 2] = this.#sequence
    // Release: pairs with the load in BroadcastReader.peek(); the records are written before it.
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
    const wanted = (end + this.capacity / 16) | 0
    // A read-modify-write, and so is the reader's look at it: either the reader sees this, and drops its copy, or its
    // copy was made before anything below is written.
    Atomics.exchange(this.#control, BROADCAST_INTENT >> 2, wanted)
    this.#intent = wanted
  }

  /** Whether all holding readers have read what lies a ring before `end`. */
  #passReaders(end: number): boolean {
    let least = this.capacity
    let waited = -1
    for (let slot = 0; slot < MAX_READERS; slot++) {
      const at = (BROADCAST_READERS + slot * READER_BYTES) >> 2
      if (Atomics.load(this.#control, at + (READER_STATE >> 2)) !== READER_HOLDING) continue
      // Acquire: pairs with the store in BroadcastReader; it is done with what lies before.
      const position = Atomics.load(this.#control, at + (READER_POSITION >> 2))
      const left = (position + this.capacity - this.#tail) | 0
      if (left >= least) continue
      least = left
      waited = at
    }
    this.#limit = (this.#tail + least) | 0
    if (((end - this.#limit) | 0) <= 0) return true
    return waited >= 0 && this.#removeDead(waited) && this.#passReaders(end)
  }

  /** A reader that died must not hold the producer back. */
  #removeDead(at: number): boolean {
    const now = performance.now()
    if (now - this.#checkedAt < CHECK_MS) return false
    this.#checkedAt = now
    const participant = this.#control[at + (READER_PARTICIPANT >> 2)] as number
    const epoch = this.#control[at + (READER_EPOCH >> 2)] as number
    if (this.#participants.lives(participant, epoch)) return false
    Atomics.compareExchange(this.#control, at + (READER_STATE >> 2), READER_HOLDING, READER_FREE)
    return true
  }
}

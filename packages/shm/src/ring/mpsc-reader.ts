import { IpcError } from '@ipc/core'
import { MAX_PARTICIPANTS } from '../layout.js'
import {
  ENTRY_KIND,
  ENTRY_LENGTH,
  ENTRY_STAMP,
  ENTRY_WORDS,
  entryAt,
  fillingOf,
  isIntent,
  MPSC_CONTROL_BYTES,
  MPSC_PRODUCER_INTENT,
  MPSC_PRODUCER_WHO,
  MPSC_PRODUCER_WRAPPED,
  positionOf,
  producerWord,
  stampOf,
  UNIT_BYTES,
  unitBytes,
} from './mpsc-layout.js'
import type { RecordReader } from './records.js'
import { PADDING, RING_HEAD, RING_TAIL } from './ring-layout.js'

/** Tells the living from the dead; a participant's name is as in `Participants`. */
export interface Living {
  lives(name: number): boolean
}

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
  readonly #living: Living | undefined
  #head: number
  #released: number

  /**
   * Parameters as of `SpscWriter`.
   *
   * @param living - Tells which producers live; `undefined` where nobody dies alone.
   */
  constructor(buffer: ArrayBufferLike, offset: number, capacity: number, living: Living | undefined) {
    this.#living = living
    this.capacity = capacity
    this.bytes = new Uint8Array(buffer, offset + MPSC_CONTROL_BYTES, capacity)
    const units = capacity / UNIT_BYTES
    this.#entries = new Int32Array(buffer, offset + MPSC_CONTROL_BYTES + capacity, units * ENTRY_WORDS)
    this.#control = new Int32Array(buffer, offset, MPSC_CONTROL_BYTES / 4)
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

  /** Whether the next record is claimed and not committed: by one who is slow, or dead. */
  get isStalled(): boolean {
    const head = this.#head
    if (this.#living === undefined || Atomics.load(this.#control, RING_TAIL >> 2) === head) return false
    return Atomics.load(this.#entries, this.#entryOf(head) + ENTRY_STAMP) !== stampOf(head)
  }

  /**
   * Fill in the next record as padding, if whoever claimed it is dead. Only living producers are looked for: a hole that
   * none of them says it claims is nobody's. It ends at the next place of which it is known that a claim began there:
   * one that is committed, one that somebody says, or `tail`. If it goes on behind that, that is the next hole.
   *
   * @returns whether it was.
   */
  recover(): boolean {
    const living = this.#living
    if (living === undefined) return false
    const head = this.#head
    const entry = this.#entryOf(head)
    const entries = this.#entries
    const stamp = Atomics.load(entries, entry + ENTRY_STAMP)
    if (stamp === stampOf(head)) return false
    // Acquire: pairs with the exchange in MpscWriter.tryClaim(); the intents of all who have claimed are there.
    const tail = Atomics.load(this.#control, RING_TAIL >> 2)
    const bytes = this.#holeBytes(head, tail, living)
    if (bytes === 0) return false
    // Whoever has committed it since has said another intent since, which was seen; this sees the stamp then.
    if (Atomics.compareExchange(entries, entry + ENTRY_STAMP, stamp, fillingOf(head)) !== stamp) return false
    entries[entry + ENTRY_LENGTH] = bytes
    entries[entry + ENTRY_KIND] = PADDING
    // Release: pairs with the load in peek(), of the next consumer if this one dies here.
    Atomics.store(entries, entry + ENTRY_STAMP, stampOf(head))
    return true
  }

  /** How many bytes from `head` on nobody who lives has claimed; 0 when somebody has the record there. */
  #holeBytes(head: number, tail: number, living: Living): number {
    let bytes = (tail - head) | 0
    for (let participant = 0; participant < MAX_PARTICIPANTS; participant++) {
      for (const field of [MPSC_PRODUCER_INTENT, MPSC_PRODUCER_WRAPPED]) {
        // Pairs with the stores in MpscWriter. Before the name: whoever has said an intent has written its name before.
        const intent = Atomics.load(this.#control, producerWord(participant, field))
        if (!isIntent(intent)) continue
        const ahead = (positionOf(intent) - head) | 0
        const name = Atomics.load(this.#control, producerWord(participant, MPSC_PRODUCER_WHO))
        if (ahead === 0 && living.lives(name)) return 0
        if (ahead > 0 && ahead < bytes) bytes = ahead
      }
    }
    for (let ahead = UNIT_BYTES; ahead < bytes; ahead += UNIT_BYTES) {
      const position = (head + ahead) | 0
      if (Atomics.load(this.#entries, this.#entryOf(position) + ENTRY_STAMP) === stampOf(position))
        bytes = ahead
    }
    // Padding ends with the ring.
    return Math.min(bytes, this.capacity - (head & this.#mask))
  }

  #entryOf(position: number): number {
    return entryAt(position & this.#mask)
  }

  #corrupt(index: number, length: number): IpcError {
    return new IpcError('IPC_PROTOCOL', `the ring is corrupt: a record of ${length} bytes at ${index}`, {
      details: { index, length, capacity: this.capacity, head: this.#head },
    })
  }
}

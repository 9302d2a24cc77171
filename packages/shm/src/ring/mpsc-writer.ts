import { MAX_PARTICIPANTS } from '../layout.js'
import { fencedError } from '../wait/participant.js'
import {
  ENTRY_KIND,
  ENTRY_LENGTH,
  ENTRY_STAMP,
  ENTRY_WORDS,
  entryAt,
  idleOf,
  intentOf,
  isIntent,
  MPSC_CONTROL_BYTES,
  MPSC_PRODUCER_INTENT,
  MPSC_PRODUCER_WHO,
  MPSC_PRODUCER_WRAPPED,
  maxMpscRecordBytes,
  positionOf,
  producerWord,
  stampOf,
  UNIT_BYTES,
  unitBytes,
} from './mpsc-layout.js'
import type { RecordWriter } from './records.js'
import { PADDING, RING_HEAD, RING_TAIL } from './ring-layout.js'

/** Whoever claims in a ring with many producers: a participant of the region. */
export interface Claimant {
  readonly id: number
  readonly name: number
  /** Whether it was taken for dead. */
  readonly isFenced: boolean
  /** @throws IpcError `IPC_FENCED` when it was. */
  checkSeat(): void
}

/**
 * The writing half of a ring with many producers. A producer claims room by moving `tail` (compare-exchange), fills it
 * in, and commits by the stamp of the record's entry; the consumer takes records in the order of their claims. So a
 * producer that is slow between claim and commit holds back the records claimed after its own, and nothing else.
 *
 * Agrona's ring of this kind (`ManyToOneRingBuffer`) marks what is not committed by zeros, which the consumer has to
 * write over all that it has read. Here an entry carries the position it was committed at, as the slots of the
 * Disruptor carry their lap: what an earlier lap left there does not match.
 *
 * Before it moves `tail`, a producer writes where to into a line of its own. A hole that no living producer can have
 * claimed is filled in by the consumer (`MpscReader.recover`). A commit is a compare-exchange, so one whose claim was
 * filled in, though it lives, cannot commit it.
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
  readonly #claimant: Claimant | undefined
  readonly #intent: number
  readonly #wrapped: number
  /** What stands where this producer says what it claims; the forgotten intent of one that has long been silent is 0. */
  #said = 0
  /** `head` as it was. */
  #head = 0
  /**
   * How many bytes from there on may be taken as the ring. None where nothing is said: others may have gone around since,
   * so often that it would look near.
   */
  readonly #trusted: number
  #position = 0
  #bytes = 0
  /** What the stamp of the claim was before it. */
  #stamp = 0
  #claimed = false

  /**
   * Parameters as of `SpscWriter`.
   *
   * @param claimant - The only writer of that participant in this ring; `undefined` where nobody dies alone.
   */
  constructor(buffer: ArrayBufferLike, offset: number, capacity: number, claimant: Claimant | undefined) {
    this.capacity = capacity
    this.maxRecordBytes = maxMpscRecordBytes(capacity)
    this.bytes = new Uint8Array(buffer, offset + MPSC_CONTROL_BYTES, capacity)
    const units = capacity / UNIT_BYTES
    this.#entries = new Int32Array(buffer, offset + MPSC_CONTROL_BYTES + capacity, units * ENTRY_WORDS)
    this.#control = new Int32Array(buffer, offset, MPSC_CONTROL_BYTES / 4)
    this.#mask = capacity - 1
    this.#lapShift = Math.log2(capacity)
    // Positions repeat after 2^32 bytes: a stamp must not lie around for that many laps.
    this.#sweepMask = Math.min(128, 2 ** (32 - this.#lapShift - 2)) - 1
    this.#claimant = claimant
    this.#trusted = claimant === undefined ? 0 : capacity
    this.#intent = producerWord(claimant?.id ?? 0, MPSC_PRODUCER_INTENT)
    this.#wrapped = producerWord(claimant?.id ?? 0, MPSC_PRODUCER_WRAPPED)
    if (claimant === undefined) return
    this.#said = idleOf(claimant.name)
    this.#head = Atomics.load(this.#control, RING_HEAD >> 2)
    // Before the name: what a dead one left there is not this one's. They pair with the loads in MpscReader.recover().
    Atomics.store(this.#control, this.#intent, this.#said)
    Atomics.store(this.#control, this.#wrapped, 0)
    Atomics.store(this.#control, producerWord(claimant.id, MPSC_PRODUCER_WHO), claimant.name)
  }

  tryClaim(payloadBytes: number, kind: number): number {
    if (this.#claimed && this.#claimant !== undefined) throw unfinishedError()
    const control = this.#control
    const wanted = unitBytes(payloadBytes)
    for (let hasSaid = false; ; ) {
      const tail = Atomics.load(control, RING_TAIL >> 2)
      const index = tail & this.#mask
      const toEnd = this.capacity - index
      const padding = wanted > toEnd ? toEnd : 0
      const claimed = padding + wanted
      // Unsigned: a head that was remembered for half of all positions is behind by more than any ring has.
      if ((tail - this.#head) >>> 0 > this.#trusted - claimed && !this.#hasRoomFor(claimed, tail)) {
        if (hasSaid) this.#withdraw()
        return -1
      }
      hasSaid = this.#intend(tail)
      if (!hasSaid) continue
      if (Atomics.compareExchange(control, RING_TAIL >> 2, tail, (tail + claimed) | 0) !== tail) continue
      this.#claimed = true
      this.#position = (tail + padding) | 0
      this.#bytes = wanted
      if (padding > 0 || this.#sweepsAt(tail)) this.#tidy(tail, padding)
      this.#stamp = this.#describe(this.#position, payloadBytes, kind)
      return this.#position & this.#mask
    }
  }

  stage(): void {
    this.#claimed = false
    if (this.#commit(this.#position, this.#stamp)) return
    this.#claimant?.checkSeat()
    throw fencedError('the ring')
  }

  publish(): void {
    // The stamps have done it.
  }

  abort(): void {
    this.#claimed = false
    // The entry may be that of another claim by now.
    if (this.#claimant?.isFenced === true) return
    this.#describe(this.#position, this.#bytes, PADDING)
    this.#commit(this.#position, this.#stamp)
  }

  hasRoom(): boolean {
    const control = this.#control
    const tail = Atomics.load(control, RING_TAIL >> 2)
    // Acquire: pairs with the store in MpscReader.release().
    const used = (tail - Atomics.load(control, RING_HEAD >> 2)) | 0
    return used <= this.capacity / 2
  }

  /** Whether so many bytes are free behind `tail`. If head has moved past that since, `tail` has moved too. */
  #hasRoomFor(bytes: number, tail: number): boolean {
    // Acquire: pairs with the store in MpscReader.release().
    this.#head = Atomics.load(this.#control, RING_HEAD >> 2)
    return this.capacity - ((tail - this.#head) | 0) >= bytes
  }

  /** What has not to be done for each claim. */
  #tidy(tail: number, padding: number): void {
    if (this.#sweepsAt(tail)) this.#sweep(tail, padding === 0 ? this.#bytes : padding)
    if (padding === 0) return
    if (this.#sweepsAt(this.#position)) this.#sweep(this.#position, this.#bytes)
    this.#pad(tail, padding)
  }

  /** Fill up the ring to its end, before the record that was claimed with it. */
  #pad(tail: number, bytes: number): void {
    // Before the padding, behind which the consumer goes on, and finds the record not committed.
    if (this.#claimant !== undefined) Atomics.store(this.#control, this.#wrapped, intentOf(this.#position))
    this.#commit(tail, this.#describe(tail, bytes, PADDING))
  }

  /**
   * Say that this producer is about to claim at `position`, in place of what it has said last.
   *
   * @returns false when that is no longer there, and so what it remembers may be too old: look again.
   */
  #intend(position: number): boolean {
    if (this.#claimant === undefined) return true
    // Plain, for the load of `tail` before it acquires: whoever forgets this intent, in #forgetIntents(), does so laps before
    // its position can come again, and no claim of those laps can be seen without that. What forgetProducer() writes may be
    // seen late; it is as if this one had been taken for dead just after the look.
    const said = this.#control[this.#intent] as number
    if (said !== this.#said) return this.#remember(said)
    this.#said = intentOf(position)
    // Plain, for it is the claim that tells: pairs with the load in MpscReader.recover(), by way of the exchange of `tail`,
    // behind which whoever sees the claim sees this. One that was taken for dead since the look may write over what its
    // successor says; it costs that one the record at most, and it is told.
    this.#control[this.#intent] = this.#said
    return true
  }

  /**
   * Begin anew with what stands where this producer says what it claims.
   *
   * @throws IpcError `IPC_FENCED` when its place is another one's.
   */
  #remember(said: number): false {
    this.#claimant?.checkSeat()
    this.#said = said
    this.#head = Atomics.load(this.#control, RING_HEAD >> 2)
    return false
  }

  /** Say that this producer claims nothing after all. */
  #withdraw(): void {
    if (this.#claimant === undefined) return
    const idle = idleOf(this.#claimant.name)
    // If it was forgotten, or is another one's, that is found out with the next claim.
    if (Atomics.compareExchange(this.#control, this.#intent, this.#said, idle) === this.#said)
      this.#said = idle
  }

  /** Write what the entry of a claim says. Returns its stamp, which is that of an earlier lap. */
  #describe(position: number, length: number, kind: number): number {
    const entries = this.#entries
    const entry = this.#entryOf(position)
    // First, since it takes the line of memory over for writing; a look would fetch it for reading only.
    entries[entry + ENTRY_LENGTH] = length
    entries[entry + ENTRY_KIND] = kind
    return entries[entry + ENTRY_STAMP] as number
  }

  /** Returns false when it was filled in as left by a dead producer. `stamp`: as it was when it was claimed. */
  #commit(position: number, stamp: number): boolean {
    const entry = this.#entryOf(position)
    // Release: pairs with the load in MpscReader.peek(); entry and payload are written before it.
    return Atomics.compareExchange(this.#entries, entry + ENTRY_STAMP, stamp, stampOf(position)) === stamp
  }

  #entryOf(position: number): number {
    return entryAt(position & this.#mask)
  }

  /** Whether stamps of earlier laps are to be forgotten in the lap of `position`. */
  #sweepsAt(position: number): boolean {
    return ((position >>> this.#lapShift) & this.#sweepMask) === 0
  }

  /**
   * Forget the stamps of earlier laps inside what was claimed at `position`; its first entry gets a new one anyway. So
   * after such a lap none is older than that.
   */
  #sweep(position: number, bytes: number): void {
    const entries = this.#entries
    const first = entryAt(position & this.#mask)
    const end = first + entryAt(bytes)
    for (let entry = first + ENTRY_WORDS; entry < end; entry += ENTRY_WORDS) entries[entry] = 0
    if (first === 0) this.#forgetIntents()
  }

  /**
   * Positions repeat after 2^32 bytes: a producer that wrote its last record so long ago must not seem to claim at the
   * same position again, nor trust what it remembers. So what is older than a lap is forgotten; claims that old have been
   * read.
   */
  #forgetIntents(): void {
    if (this.#claimant === undefined) return
    const control = this.#control
    const head = Atomics.load(control, RING_HEAD >> 2)
    for (let participant = 0; participant < MAX_PARTICIPANTS; participant++) {
      for (const field of [MPSC_PRODUCER_INTENT, MPSC_PRODUCER_WRAPPED]) {
        const word = producerWord(participant, field)
        const said = Atomics.load(control, word)
        const behind = (head - positionOf(said)) | 0
        // An exchange: its owner may be saying something else.
        if (said !== 0 && !(isIntent(said) && behind <= this.capacity)) {
          Atomics.compareExchange(control, word, said, 0)
        }
      }
    }
  }
}

function unfinishedError(): TypeError {
  return new TypeError('another producer of this thread has claimed a record: finish it first')
}

import { type IpcError, isIpcError, type WaitOptions } from '@ipc/core'
import { abortedError, checkDurationMs } from '@ipc/core/internal'
import { closedError, type SharedRegion } from '../region/region.js'
import type { BlockOptions, Condition } from '../wait/participant.js'
import type { WaitEvent } from '../wait/wait-event.js'
import { makeWaitable } from '../wait/waitable.js'
import type { RecordReader } from './records.js'
import type { Consumer, RecordListener } from './ring.js'
import { TurnGiver } from './turn-giver.js'

/** No record takes less of a ring, and none less than its payload. */
const LEAST_BYTES = 8

/** So often a consumer that polls finds nothing before it asks whether a dead producer is in the way. */
const LOOK_POLLS = 32

/** What a {@link RingConsumer} is made of. */
export interface RingConsumerInit {
  readonly region: SharedRegion
  readonly reader: RecordReader
  readonly capacityBytes: number
  /** Signalled by producers when there are records. */
  readonly records: WaitEvent
  /** Signalled when there is room. */
  readonly room: WaitEvent
}

/** The reading end of every ring: the ring's own reader, with waits and wake-ups. */
export class RingConsumer implements Consumer {
  consumed = 0
  readonly #region: SharedRegion
  readonly #reader: RecordReader
  readonly #capacity: number
  /** Bytes after which memory is given back, also in the middle of a batch. */
  readonly #releaseStep: number
  readonly #records: WaitEvent
  readonly #room: WaitEvent
  readonly #hasRecord: Condition
  readonly #turns = new TurnGiver()
  #isReading = false
  /** How often nothing was found, up to `LOOK_POLLS`. */
  #found = 0
  #isEnded = false

  constructor({ region, reader, capacityBytes, records, room }: RingConsumerInit) {
    this.#region = region
    this.#reader = reader
    this.#capacity = capacityBytes
    this.#releaseStep = this.#capacity / 8
    this.#records = records
    this.#room = room
    this.#hasRecord = {
      ready: () => this.#isClosed || this.#peek(),
      arm: (participant) => records.arm(participant),
      disarm: (participant) => records.disarm(participant),
      isStalled: () => !this.#isClosed && reader.isStalled === true,
      recover: () => this.#recover(),
    }
    makeWaitable(this, { region, condition: this.#hasRecord })
  }

  get ready(): boolean {
    return !this.#isClosed && this.#peek()
  }

  read(listener: RecordListener, limit: number = Number.POSITIVE_INFINITY): number {
    this.#checkReadable()
    if (!(limit >= 0)) throw new RangeError(`limit must be a number >= 0, got ${String(limit)}`)
    const reader = this.#reader
    let count = 0
    let bytes = 0
    this.#isReading = true
    try {
      // About what the ring holds: producers may write as fast as this reads.
      while (count < limit && bytes < this.#capacity && reader.peek()) {
        const { start, end, kind } = reader
        // First, so that a record whose listener throws is read.
        reader.advance()
        count++
        bytes += Math.max(end - start, LEAST_BYTES)
        listener(reader.bytes, start, end, kind)
        // By the listener: the memory of a closed region reads as zeros.
        if (this.#isClosed) break
        // A batch of large records must not keep the producer waiting until the last one.
        if (reader.releaseBytes >= this.#releaseStep) this.#release()
      }
    } finally {
      this.#isReading = false
      this.consumed += count
      // Also without a record: it may have stepped over padding.
      if (reader.releaseBytes > 0) this.#release()
    }
    if (count === 0) this.#foundNothing()
    return count
  }

  tryReceive(): Uint8Array | undefined {
    this.#checkReadable()
    const reader = this.#reader
    if (!this.#peek()) {
      this.#foundNothing()
      return undefined
    }
    const record = reader.bytes.slice(reader.start, reader.end)
    reader.advance()
    this.#release()
    this.consumed++
    return record
  }

  async receive(options: WaitOptions = {}): Promise<Uint8Array> {
    const { signal, timeoutMs = Number.POSITIVE_INFINITY } = options
    checkDurationMs('timeoutMs', timeoutMs)
    if (signal?.aborted) throw abortedError('receive', signal.reason)
    const first = this.tryReceive()
    if (first !== undefined) {
      await this.#turns.due()
      return first
    }
    const start = performance.now()
    let left = timeoutMs
    while (true) {
      await this.wait({ signal, timeoutMs: left })
      const record = this.tryReceive()
      if (record !== undefined) return record
      // Another task of this thread has taken it.
      left = Math.max(0, timeoutMs - (performance.now() - start))
    }
  }

  async wait(options?: WaitOptions): Promise<void> {
    if (this.#isClosed) throw this.#closed()
    await this.#region.self.wait('wait for a record', this.#hasRecord, options)
    if (this.#isClosed) throw this.#closed()
  }

  waitSync(options: BlockOptions = {}): boolean {
    if (this.#isClosed) throw this.#closed()
    return this.#region.self.waitSync(this.#hasRecord, options)
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    while (true) {
      let record: Uint8Array
      try {
        record = await this.receive()
      } catch (error) {
        if (isIpcError(error, 'IPC_CLOSED')) return
        throw error
      }
      yield record
    }
  }

  /** Whether `end` was called. */
  protected get isEnded(): boolean {
    return this.#isEnded
  }

  /** End what waits here, and all that comes, with `IPC_CLOSED`. */
  protected end(): void {
    this.#isEnded = true
    // Wakes more than those who wait for this consumer; they look, and sleep on.
    this.#records.signal()
  }

  get #isClosed(): boolean {
    return this.#isEnded || this.#region.closed
  }

  #peek(): boolean {
    // A look might replace the record that a listener has in hand. Whoever waits for one looks again.
    if (this.#isReading || this.#reader.peek()) return true
    // It may have stepped over padding, for whose room a producer waits.
    if (this.#reader.releaseBytes > 0) this.#release()
    return false
  }

  /** Who polls looks after the dead too, but not each time: that would take the line of the positions from producers. */
  #foundNothing(): void {
    this.#found = (this.#found + 1) % LOOK_POLLS
    if (this.#found === 0 && this.#reader.isStalled === true) this.#region.self.lookIfDue(this.#hasRecord)
  }

  /** Step over what dead producers left. */
  #recover(): void {
    if (!this.#isClosed && !this.#isReading) while (this.#reader.recover?.() === true) this.#peek()
  }

  #release(): void {
    this.#reader.release()
    // Not for every record, or a producer that waits would be woken for each.
    if (this.#room.armed && this.#reader.hasRoom()) this.#room.signal()
  }

  #checkReadable(): void {
    if (this.#isReading) throw new TypeError('a listener must not read: its record would be written over')
    if (this.#isClosed) throw this.#closed()
  }

  #closed(): IpcError {
    return closedError(this.#region.closed ? this.#region.what : 'the consumer')
  }
}

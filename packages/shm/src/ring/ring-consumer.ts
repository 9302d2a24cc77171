import { IpcError, isIpcError, type WaitOptions } from '@ipc/core'
import type { SharedRegion } from '../region/region.js'
import type { BlockOptions, Condition } from '../wait/participant.js'
import type { WaitEvent } from '../wait/wait-event.js'
import { makeWaitable } from '../wait/waitable.js'
import type { RecordReader } from './records.js'
import type { Consumer, RecordListener } from './ring.js'

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
  readonly #releaseEvery: number
  readonly #room: WaitEvent
  readonly #hasRecord: Condition

  constructor({ region, reader, capacityBytes, records, room }: RingConsumerInit) {
    this.#region = region
    this.#reader = reader
    // A batch of large records must not keep the producer waiting until the last one.
    this.#releaseEvery = capacityBytes / 8
    this.#room = room
    this.#hasRecord = {
      ready: () => reader.peek(),
      arm: (participant) => records.arm(participant),
      disarm: (participant) => records.disarm(participant),
    }
    makeWaitable(this, { region, condition: this.#hasRecord })
  }

  get ready(): boolean {
    return !this.#region.closed && this.#reader.peek()
  }

  read(listener: RecordListener, limit: number = Number.POSITIVE_INFINITY): number {
    if (this.#region.closed) throw this.#closed()
    const reader = this.#reader
    let count = 0
    try {
      while (count < limit && reader.peek()) {
        const { start, end, kind } = reader
        // First, so that a record whose listener throws is read.
        reader.advance()
        count++
        listener(reader.bytes, start, end, kind)
        if (reader.releaseBytes >= this.#releaseEvery) this.#release()
      }
    } finally {
      if (count > 0) this.#release()
      this.consumed += count
    }
    return count
  }

  tryReceive(): Uint8Array | undefined {
    if (this.#region.closed) throw this.#closed()
    const reader = this.#reader
    if (!reader.peek()) return undefined
    const record = reader.bytes.slice(reader.start, reader.end)
    reader.advance()
    this.#release()
    this.consumed++
    return record
  }

  async receive(options?: WaitOptions): Promise<Uint8Array> {
    while (true) {
      const record = this.tryReceive()
      if (record !== undefined) return record
      await this.wait(options)
    }
  }

  async wait(options?: WaitOptions): Promise<void> {
    return this.#region.self.wait('wait for a record', this.#hasRecord, options)
  }

  waitSync(options: BlockOptions = {}): boolean {
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

  #release(): void {
    this.#reader.release()
    // Not for every record, or a producer that waits would be woken for each.
    if (this.#room.armed && this.#reader.hasRoom()) this.#room.signal()
  }

  #closed(): IpcError {
    return new IpcError('IPC_CLOSED', `${this.#region.what} is closed`)
  }
}

import { IpcError, type WaitOptions } from '@ipc/core'
import { checkSize } from '@ipc/core/internal'
import type { SharedRegion } from '../region/region.js'
import type { Condition } from '../wait/participant.js'
import type { WaitEvent } from '../wait/wait-event.js'
import type { RecordWriter } from './records.js'
import type { Producer, WriteOptions, WriteSyncOptions } from './ring.js'

const MAX_KIND = 2 ** 31 - 1

/** What a {@link RingProducer} is made of. */
export interface RingProducerInit {
  readonly region: SharedRegion
  readonly writer: RecordWriter
  /** Size of all records, or 0. */
  readonly recordBytes: number
  /** Signalled when there are records. */
  readonly records: WaitEvent
  /** Signalled by consumers when there is room. */
  readonly room: WaitEvent
}

/** The writing end of every ring: the ring's own writer, with waits and wake-ups. */
export class RingProducer implements Producer {
  readonly bytes: Uint8Array
  readonly maxRecordBytes: number
  written = 0
  full = 0
  readonly #region: SharedRegion
  readonly #writer: RecordWriter
  readonly #recordBytes: number
  readonly #records: WaitEvent
  readonly #hasRoom: Condition
  #claimed = false
  #staged = false
  /** The last `write` that waits; the next one goes behind it. */
  #last: Promise<void> | undefined

  constructor({ region, writer, recordBytes, records, room }: RingProducerInit) {
    this.#region = region
    this.#writer = writer
    this.#recordBytes = recordBytes
    this.#records = records
    this.#hasRoom = {
      ready: () => writer.hasRoom(),
      arm: (participant) => room.arm(participant),
      disarm: (participant) => room.disarm(participant),
    }
    this.bytes = writer.bytes
    this.maxRecordBytes = writer.maxRecordBytes
  }

  tryClaim(length: number, kind: number = 0): number {
    this.#check(length, kind)
    let index = this.#writer.tryClaim(length, kind)
    if (index < 0) {
      // What is staged will not be read, and no room be made, before it is visible.
      if (this.#staged) this.publish()
      index = this.#writer.tryClaim(length, kind)
      if (index < 0) {
        this.full++
        return -1
      }
    }
    this.#claimed = true
    return index
  }

  commit(): void {
    this.stage()
    this.publish()
  }

  stage(): void {
    if (!this.#claimed) throw new TypeError('commit and stage need a claim: call tryClaim first')
    this.#claimed = false
    this.#staged = true
    this.#writer.stage()
    this.written++
  }

  publish(): void {
    this.#staged = false
    this.#writer.publish()
    this.#records.signal()
  }

  abort(): void {
    if (!this.#claimed) throw new TypeError('abort needs a claim: call tryClaim first')
    this.#claimed = false
    this.#writer.abort()
  }

  tryWrite(payload: Uint8Array, kind: number = 0): boolean {
    const index = this.tryClaim(payload.length, kind)
    if (index < 0) return false
    this.bytes.set(payload, index)
    this.commit()
    return true
  }

  write(payload: Uint8Array, options: WriteOptions = {}): Promise<void> {
    const { kind = 0 } = options
    if (this.#last === undefined && this.tryWrite(payload, kind)) return Promise.resolve()
    this.#check(payload.length, kind)
    // A place of its own in the queue, whatever becomes of those before it.
    const turn = (this.#last ?? Promise.resolve()).then(() => this.#writeWhenRoom(payload, kind, options))
    const settled = turn.then(
      () => {},
      () => {},
    )
    this.#last = settled
    void settled.then(() => {
      if (this.#last === settled) this.#last = undefined
    })
    return turn
  }

  writeSync(payload: Uint8Array, options: WriteSyncOptions = {}): void {
    const { kind = 0, timeoutMs = Number.POSITIVE_INFINITY } = options
    const start = performance.now()
    let left = timeoutMs
    while (!this.tryWrite(payload, kind)) {
      if (!this.#region.self.waitSync(this.#hasRoom, { ...options, timeoutMs: Math.max(0, left) })) {
        throw new IpcError('IPC_TIMEOUT', `writeSync: the ring was full for ${timeoutMs} ms`, {
          details: { timeoutMs },
        })
      }
      left = timeoutMs - (performance.now() - start)
    }
  }

  async #writeWhenRoom(payload: Uint8Array, kind: number, options: WaitOptions): Promise<void> {
    while (!this.tryWrite(payload, kind)) await this.#region.self.wait('write', this.#hasRoom, options)
  }

  #check(length: number, kind: number): void {
    if (this.#claimed) throw new TypeError('a record is claimed already: commit, stage or abort it')
    if (this.#recordBytes !== 0 && length !== this.#recordBytes) {
      throw new RangeError(`records of this ring have ${this.#recordBytes} bytes, got ${length}`)
    }
    if (!(length >= 0 && length <= this.maxRecordBytes) || (length | 0) !== length) {
      checkSize('length of a record', length, 0, this.maxRecordBytes)
    }
    if ((kind | 0) !== kind || kind < 0) checkSize('kind', kind, 0, MAX_KIND)
    if (this.#region.closed) throw new IpcError('IPC_CLOSED', `${this.#region.what} is closed`)
  }
}

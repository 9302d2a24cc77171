import { IpcError } from '@ipc/core'
import { abortedError, checkDurationMs, checkSize } from '@ipc/core/internal'
import { closedError, type SharedRegion } from '../region/region.js'
import type { Condition } from '../wait/participant.js'
import type { WaitEvent } from '../wait/wait-event.js'
import type { RecordWriter } from './records.js'
import type { Producer, WriteOptions, WriteSyncOptions } from './ring.js'
import { TurnGiver } from './turn-giver.js'
import { WaitingWrites } from './waiting-writes.js'

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
  /** How often to look for room that nobody signals, because whoever held it has died; by default, never. */
  readonly checkMs?: number
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
  readonly #checkMs: number
  #claimed = false
  #staged = false
  readonly #waiting: WaitingWrites
  readonly #turns = new TurnGiver()

  constructor({
    region,
    writer,
    recordBytes,
    records,
    room,
    checkMs = Number.POSITIVE_INFINITY,
  }: RingProducerInit) {
    this.#region = region
    this.#writer = writer
    this.#recordBytes = recordBytes
    this.#records = records
    this.#checkMs = checkMs
    this.#hasRoom = {
      ready: () => writer.hasRoom(),
      arm: (participant) => room.arm(participant),
      disarm: (participant) => room.disarm(participant),
    }
    this.#waiting = new WaitingWrites({
      tryWrite: (payload, kind) => this.tryWrite(payload, kind),
      room: async (signal) => region.self.wait('write', this.#hasRoom, { signal, timeoutMs: checkMs }),
    })
    this.bytes = writer.bytes
    this.maxRecordBytes = writer.maxRecordBytes
    // In a ring with many producers, nothing behind a claim that is never finished would be read.
    region.onClose(() => {
      if (this.#claimed) this.abort()
    })
  }

  tryClaim(length: number, kind: number = 0): number {
    this.#check(length, kind)
    if (this.#region.closed) throw this.#closed()
    let index = this.#writer.tryClaim(length, kind)
    if (index < 0 && this.#staged) {
      // What is staged will not be read, and no room be made, before it is visible.
      this.publish()
      index = this.#writer.tryClaim(length, kind)
    }
    if (index < 0) this.full++
    else this.#claimed = true
    return index
  }

  commit(): void {
    this.stage()
    this.publish()
  }

  stage(): void {
    if (!this.#claimed) throw this.#unclaimed('commit and stage')
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
    if (!this.#claimed) throw this.#unclaimed('abort')
    this.#claimed = false
    this.#writer.abort()
    // In a ring with many producers, what others have committed behind it becomes visible by this.
    this.#records.signal()
  }

  tryWrite(payload: Uint8Array, kind: number = 0): boolean {
    const index = this.tryClaim(payload.length, kind)
    if (index < 0) return false
    this.bytes.set(payload, index)
    this.commit()
    return true
  }

  write(payload: Uint8Array, options: WriteOptions = {}): Promise<void> {
    const { kind = 0, signal, timeoutMs } = options
    this.#check(payload.length, kind)
    if (timeoutMs !== undefined) checkDurationMs('timeoutMs', timeoutMs)
    if (this.#region.closed) return Promise.reject(this.#closed())
    if (signal?.aborted) return Promise.reject(abortedError('write', signal.reason))
    if (this.#waiting.isEmpty && this.tryWrite(payload, kind)) return this.#turns.due() ?? Promise.resolve()
    return this.#waiting.add(payload, kind, options)
  }

  writeSync(payload: Uint8Array, options: WriteSyncOptions = {}): void {
    const { kind = 0, strategy, timeoutMs = Number.POSITIVE_INFINITY } = options
    checkDurationMs('timeoutMs', timeoutMs)
    if (this.tryWrite(payload, kind)) return
    const start = performance.now()
    let left = timeoutMs
    do {
      const waitMs = Math.min(left, this.#checkMs)
      if (!this.#region.self.waitSync(this.#hasRoom, { strategy, timeoutMs: waitMs }) && waitMs === left) {
        throw new IpcError('IPC_TIMEOUT', `writeSync: the ring was full for ${timeoutMs} ms`, {
          details: { timeoutMs },
        })
      }
      // With many producers, others may have been faster.
      left = Math.max(0, timeoutMs - (performance.now() - start))
    } while (!this.tryWrite(payload, kind))
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
  }

  #unclaimed(what: string): Error {
    return this.#region.closed ? this.#closed() : new TypeError(`${what} need a claim: call tryClaim first`)
  }

  #closed(): IpcError {
    return closedError(this.#region.what)
  }
}

import { type Connection, serve } from '@ipc/core'
import type { Producer, Region } from '@ipc/shm'
import { RECORD_BYTES } from '../limits.js'
import type { Pace, WriterState } from '../protocol.js'
import { clock, type News, type Order } from './orders.js'
import { Pacer } from './pacer.js'
import { fillRecord } from './ring-record.js'
import { labRing } from './ring-region.js'

/** What a writer says of itself: where its ring is, too, so that others find it in the region. */
export interface WriterReport extends WriterState {
  /** Where the record area begins in the region's bytes. */
  readonly recordsAt: number
}

/** P1 of shared memory: claims records in the ring, fills them in and commits them. In a process or a Web Worker. */
export function writeRing(region: Region, supervisor: Connection, generation: number, pace?: Pace): void {
  const writer = new RecordWriter(labRing(region).producer(), generation)
  const pacer = new Pacer((budget) => writer.write(budget), pace)
  region.onPeerLost(({ pid }) => {
    supervisor.send({ type: 'lost', pid, as: 'region.onPeerLost', at: clock() } satisfies News)
  })
  serve(supervisor, (body) => {
    const order = body as Order
    if (order.type === 'pace') pacer.set(order.pace)
    if (order.type === 'step') writer.step()
    if (order.type === 'size') writer.recordBytes = Math.min(order.bytes, RECORD_BYTES.most)
    const recordsAt = writer.bytes.byteOffset - region.bytes.byteOffset
    return { ...writer.state, pace: pacer.pace, recordsAt } satisfies WriterReport
  })
}

class RecordWriter {
  recordBytes: number = RECORD_BYTES.least
  readonly #producer: Producer
  readonly #generation: number
  #sequence = 0
  #claim: WriterState['claim']

  constructor(producer: Producer, generation: number) {
    this.#producer = producer
    this.#generation = generation
  }

  get bytes(): Uint8Array {
    return this.#producer.bytes
  }

  get state(): Omit<WriterState, 'pace'> {
    return { written: this.#producer.written, full: this.#producer.full, claim: this.#claim }
  }

  /** Write up to `budget` records, made visible at once; returns how many had room. */
  write(budget: number): number {
    this.#finish()
    let done = 0
    while (done < budget && this.#tryClaim()) {
      this.#fill()
      this.#producer.stage()
      this.#claim = undefined
      done++
    }
    this.#producer.publish()
    return done
  }

  /** The next of three: claim, fill in, commit. */
  step(): void {
    if (this.#claim === undefined) this.#tryClaim()
    else if (!this.#claim.filled) this.#fill()
    else this.#commit()
  }

  #tryClaim(): boolean {
    const index = this.#producer.tryClaim(this.recordBytes, this.#generation)
    if (index < 0) return false
    this.#claim = { index, bytes: this.recordBytes, filled: false }
    return true
  }

  #fill(): void {
    const { index, bytes } = this.#claim!
    fillRecord(this.#producer.bytes, index, index + bytes, this.#sequence++)
    this.#claim = { index, bytes, filled: true }
  }

  #commit(): void {
    this.#producer.commit()
    this.#claim = undefined
  }

  /** What single steps have begun. */
  #finish(): void {
    if (this.#claim?.filled === false) this.#fill()
    if (this.#claim !== undefined) this.#commit()
  }
}

import { type Connection, serve } from '@ipc/core'
import type { Consumer, Region } from '@ipc/shm'
import type { Pace, ReaderState } from '../protocol.js'
import { clock, type News, type Order } from './orders.js'
import { Pacer } from './pacer.js'
import { isWhole, sequenceOf } from './ring-record.js'
import { labRing } from './ring-region.js'

/** P2 of shared memory: reads records where they lie, and checks them. In a process or a Web Worker. */
export function readRing(region: Region, supervisor: Connection, pace?: Pace): void {
  const reader = new RecordReader(labRing(region).consumer())
  const pacer = new Pacer((budget) => reader.read(budget), pace)
  region.onPeerLost(({ pid }) => {
    supervisor.send({ type: 'lost', pid, as: 'region.onPeerLost', at: clock() } satisfies News)
  })
  serve(supervisor, (body) => {
    const order = body as Order
    if (order.type === 'pace') pacer.set(order.pace)
    if (order.type === 'step') reader.read(1)
    return { ...reader.state, pace: pacer.pace } satisfies ReaderState
  })
}

class RecordReader {
  readonly #consumer: Consumer
  #damaged = 0
  #missing = 0
  #generation = -1
  #expected = 0

  constructor(consumer: Consumer) {
    this.#consumer = consumer
  }

  get state(): Omit<ReaderState, 'pace'> {
    return { read: this.#consumer.consumed, damaged: this.#damaged, missing: this.#missing }
  }

  read(limit: number): number {
    return this.#consumer.read(this.#take, limit)
  }

  readonly #take = (bytes: Uint8Array, start: number, end: number, generation: number): void => {
    const sequence = sequenceOf(bytes, start)
    if (!isWhole(bytes, start, end)) this.#damaged++
    // Another writer begins anew, and where this reader came in is not the beginning.
    if (generation === this.#generation) this.#missing += sequence - this.#expected
    this.#generation = generation
    this.#expected = sequence + 1
  }
}

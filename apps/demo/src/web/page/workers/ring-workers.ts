import { createRegion } from '@ipc/shm'
import { changePace, type PaceChange } from '../../change-pace.js'
import { RING_CAPACITY_BYTES } from '../../limits.js'
import { RING_REGION_BYTES } from '../../processes/ring-region.js'
import type { WriterReport } from '../../processes/ring-writer.js'
import type { Pace, ReaderState, RingSnapshot, WriterState } from '../../protocol.js'
import { type RingMemory, readRing } from '../../read-ring.js'
import { type LabWorker, startWorker } from './start-worker.js'

/** What is true of the ring between two workers. */
export interface RingWorkersState {
  readonly ring: RingSnapshot
  readonly writer: WriterState
  readonly reader: ReaderState
}

/** Two workers with a ring in a `SharedArrayBuffer`, and the page, which looks at it. */
export class RingWorkers {
  readonly #memory: RingMemory
  readonly #writer: LabWorker
  readonly #reader: LabWorker
  readonly #paces: Record<'writer' | 'reader', Pace> = {
    writer: { paused: false, perSecond: 5 },
    reader: { paused: false, perSecond: 5 },
  }

  private constructor(memory: RingMemory, writer: LabWorker, reader: LabWorker) {
    this.#memory = memory
    this.#writer = writer
    this.#reader = reader
  }

  static async start(): Promise<RingWorkers> {
    const region = createRegion(RING_REGION_BYTES)
    const buffer = region.buffer as SharedArrayBuffer
    const [writer, reader] = await Promise.all([
      startWorker({ role: 'ring-writer', buffer, number: 0 }),
      startWorker({ role: 'ring-reader', buffer, number: 0 }),
    ])
    const words = new Int32Array(buffer, region.bytes.byteOffset)
    const memory: RingMemory = {
      loadInt32: (offset) => Atomics.load(words, offset >> 2),
      read: (start, end) => new Uint8Array(region.bytes.slice(start, end)),
    }
    const workers = new RingWorkers(memory, writer, reader)
    await workers.order('writer', { type: 'size', bytes: 120 })
    await Promise.all([workers.pace('writer', {}), workers.pace('reader', {})])
    return workers
  }

  async look(): Promise<RingWorkersState> {
    const [writer, reader] = await Promise.all([
      this.#writer.ask<WriterReport>({ type: 'report' }),
      this.#reader.ask<ReaderState>({ type: 'report' }),
    ])
    return { ring: readRing(this.#memory, writer.recordsAt, RING_CAPACITY_BYTES), writer, reader }
  }

  pace(side: 'writer' | 'reader', change: PaceChange): Promise<void> {
    this.#paces[side] = changePace(this.#paces[side], change)
    return this.order(side, { type: 'pace', pace: this.#paces[side] })
  }

  async order(side: 'writer' | 'reader', order: Parameters<LabWorker['ask']>[0]): Promise<void> {
    await (side === 'writer' ? this.#writer : this.#reader).ask(order)
  }

  close(): void {
    this.#writer.terminate()
    this.#reader.terminate()
  }
}

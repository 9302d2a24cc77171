import { openRegion, type ReadOnlyRegion } from '@ipc/shm'
import { changePace } from '../change-pace.js'
import { RECORD_BYTES, RING_CAPACITY_BYTES } from '../limits.js'
import type { News, Order } from '../processes/orders.js'
import { RING_REGION, RING_REGION_BYTES } from '../processes/ring-region.js'
import type { WriterReport } from '../processes/ring-writer.js'
import type {
  Command,
  Loss,
  Pace,
  ProcessName,
  ReaderState,
  RingSnapshot,
  SharedMemoryState,
} from '../protocol.js'
import { readRing } from '../read-ring.js'
import { Cast } from './cast.js'
import { CommandRefused, type Panel, refuse } from './panel.js'

const PROMISE = 'region.onPeerLost looks ten times a second'

/**
 * P1 writes records into a ring, P2 reads them. This process attaches their region read-only and looks: it is no part of
 * what it shows.
 */
export class SharedMemoryPanel implements Panel {
  readonly #cast = new Cast((name, news) => this.#heard(name, news))
  #region: ReadOnlyRegion | undefined
  #recordBytes = 120
  #paces: Record<'P1' | 'P2', Pace> = {
    P1: { paused: false, perSecond: 5 },
    P2: { paused: false, perSecond: 5 },
  }
  #writer: WriterReport | undefined
  #reader: ReaderState | undefined
  #loss: Loss | undefined

  async open(): Promise<void> {
    const { scratch } = this.#cast
    // Whoever comes first makes the region, and who only looks cannot.
    openRegion(RING_REGION, { bytes: RING_REGION_BYTES, directory: scratch }).close()
    this.#region = openRegion(RING_REGION, { directory: scratch, access: 'read-only' })
    await Promise.all([this.#start('P1'), this.#start('P2')])
  }

  async look(): Promise<SharedMemoryState> {
    const [writer, reader] = await Promise.all([
      this.#cast.ask<WriterReport>('P1', { type: 'report' }),
      this.#cast.ask<ReaderState>('P2', { type: 'report' }),
    ])
    // A dead one has done what it did.
    this.#writer = writer ?? this.#writer
    this.#reader = reader ?? this.#reader
    return {
      panel: 'shared-memory',
      processes: this.#cast.states('P1', 'P2'),
      notices: this.#cast.notices,
      recordBytes: this.#recordBytes,
      ring: this.#ring(),
      writer: { ...(this.#writer ?? NO_WRITER), pace: writer?.pace ?? this.#paces.P1 },
      reader: { ...(this.#reader ?? NO_READER), pace: reader?.pace ?? this.#paces.P2 },
      loss: this.#loss,
    }
  }

  async take(command: Command): Promise<void> {
    switch (command.type) {
      case 'pace': {
        const name = sideOf(command.process)
        this.#paces[name] = changePace(this.#paces[name], command)
        return this.#order(name, { type: 'pace', pace: this.#paces[name] })
      }
      case 'step':
        return this.#order(sideOf(command.process), { type: 'step' })
      case 'size':
        this.#recordBytes = Math.min(command.bytes, RECORD_BYTES.most)
        return this.#order('P1', { type: 'size', bytes: this.#recordBytes })
      case 'kill':
        return this.#cast.kill(sideOf(command.process))
      case 'start':
        return this.#start(sideOf(command.process))
      default:
        return refuse(command)
    }
  }

  async close(): Promise<void> {
    this.#region?.close()
    await this.#cast.close()
  }

  async #start(name: 'P1' | 'P2'): Promise<void> {
    const role = name === 'P1' ? 'ring-writer' : 'ring-reader'
    if (!(await this.#cast.start(name, role, { pace: this.#paces[name] }))) return
    if (name === 'P1') await this.#order(name, { type: 'size', bytes: this.#recordBytes })
    // Somebody may have changed it meanwhile.
    await this.#order(name, { type: 'pace', pace: this.#paces[name] })
  }

  async #order(name: ProcessName, order: Order): Promise<void> {
    await this.#cast.ask(name, order)
  }

  #heard(by: ProcessName | undefined, news: News): void {
    if (news.type !== 'lost' || by === undefined) return
    this.#loss = this.#cast.lossOf(by === 'P1' ? 'P2' : 'P1', by, news.as, news.at, PROMISE) ?? this.#loss
  }

  #ring(): RingSnapshot {
    const recordsAt = this.#writer?.recordsAt
    if (recordsAt === undefined || this.#region === undefined || this.#region.closed) {
      return { capacityBytes: RING_CAPACITY_BYTES, head: 0, tail: 0, records: [] }
    }
    return readRing(this.#region, recordsAt, RING_CAPACITY_BYTES)
  }
}

const NO_WRITER = { written: 0, full: 0, claim: undefined }
const NO_READER = { read: 0, damaged: 0, missing: 0 }

/** @throws CommandRefused for a process of another panel. */
export function sideOf(name: ProcessName): 'P1' | 'P2' {
  if (name === 'P1' || name === 'P2') return name
  throw new CommandRefused(`this panel has no process ${name}`)
}

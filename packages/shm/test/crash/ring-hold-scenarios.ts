import type { Death, Victim } from '@ipc/faults/crash'
import { type BroadcastConsumer, type BroadcastRing, broadcastRing, openRegion, type Region } from '@ipc/shm'
import { OBJECT_HEADER_BYTES, OBJECTS_FIRST, PARKED, REGION_HEADER_BYTES } from '../../src/layout.js'
import { BROADCAST_READERS, MAX_READERS, READER_BYTES, READER_WHO } from '../../src/ring/broadcast-layout.js'
import { checkRecord } from '../fixtures/numbered-records.js'
import { untilAsleep } from './asleep.js'
import { CAPACITY_BYTES, numbered } from './ring-place.js'
import { check, type Operations, type Place, type Scenario, type Survivors, WATCHDOG_MS } from './scenario.js'

const WRITER = 1
/** More than two rings full of them. */
const RECORDS: number = (2 * CAPACITY_BYTES) / 16

interface HoldArgs {
  readonly directory: string
}

function ringIn(region: Region): BroadcastRing {
  return broadcastRing(region, 'ring', { capacityBytes: CAPACITY_BYTES })
}

function ringOf({ directory }: HoldArgs): BroadcastRing {
  return ringIn(openRegion('place', { directory }))
}

/** Operations of victims that hold a producer back. */
export const holding: Operations = {
  'ring.hold': (args: HoldArgs) => {
    const ring = ringOf(args)
    return () => {
      const consumer = ring.consumer({ overflow: 'wait' })
      consumer.read(() => {})
      consumer.close()
    }
  },
  'ring.hold and read': (args: HoldArgs) => {
    const consumer = ringOf(args).consumer({ overflow: 'wait' })
    return async () => {
      await consumer.wait({ timeoutMs: WATCHDOG_MS })
      consumer.read(() => {})
    }
  },
}

/** The producer whom the victim holds back goes on, and other readers get all that they can keep up with. */
export class HeldBackSurvivor implements Survivors {
  readonly #args: HoldArgs
  readonly #region: Region
  readonly #ring: BroadcastRing
  readonly #reader: BroadcastConsumer
  readonly #sleeps: boolean
  #next = 0
  #came = 0

  /** @param sleeps - Whether the victim sleeps until a record comes. */
  constructor({ directory, open }: Place, sleeps: boolean) {
    this.#args = { directory }
    this.#region = open()
    this.#ring = ringIn(this.#region)
    this.#reader = this.#ring.consumer()
    this.#sleeps = sleeps
  }

  prepare(): HoldArgs {
    return this.#args
  }

  async during(victim: Victim): Promise<void> {
    if (!this.#sleeps) return
    await untilAsleep(this.#region, victim, PARKED)
    this.#write(1)
  }

  settle({ step }: Death): string {
    const held = this.#holders()
    check(held <= 1, `${held} readers hold the producer back`)
    if (step === undefined && !this.#sleeps) check(held === 0, 'one who has closed holds the producer back')
    this.#write(RECORDS)
    check(this.#came === this.#next && this.#reader.lost === 0, `${this.#came} of ${this.#next} came`)
    check(this.#holders() === 0, 'a dead reader holds the producer back')
    return held === 0 ? 'held nobody back' : 'held the producer back, which removed it'
  }

  #write(records: number): void {
    // Another producer each time: it takes over.
    const producer = this.#ring.producer()
    for (let i = 0; i < records; i++) {
      producer.writeSync(numbered(WRITER, this.#next++), { timeoutMs: WATCHDOG_MS })
      this.#reader.read((bytes, start, end) => {
        const { number } = checkRecord(bytes, start, end)
        check(number === this.#came++, `record ${number} came instead of ${this.#came - 1}`)
      })
    }
  }

  /** Slots of readers that are taken. */
  #holders(): number {
    const ring = REGION_HEADER_BYTES + OBJECTS_FIRST + OBJECT_HEADER_BYTES
    const words = new Int32Array(this.#region.buffer)
    let count = 0
    for (let slot = 0; slot < MAX_READERS; slot++) {
      const who = (ring + BROADCAST_READERS + slot * READER_BYTES + READER_WHO) >> 2
      if (Atomics.load(words, who) !== 0) count++
    }
    return count
  }
}

export const ringHoldScenarios: readonly Scenario[] = [
  {
    structure: 'broadcastRing',
    name: 'hold the producer back, read, close',
    operation: 'ring.hold',
    begin: (place) => new HeldBackSurvivor(place, false),
  },
  {
    structure: 'broadcastRing',
    name: 'hold the producer back, wait, read',
    operation: 'ring.hold and read',
    // Who is woken by a ring may also have looked by itself.
    only: /^(?!Participant\.#(rung|stayAwake))/,
    begin: (place) => new HeldBackSurvivor(place, true),
  },
]

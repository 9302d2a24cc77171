import type { Death } from '@ipc/faults/crash'
import { type Consumer, openRegion, type Region, type Ring } from '@ipc/shm'
import { checkRecord } from '../fixtures/numbered-records.js'
import { untilFastAsleep } from './asleep.js'
import { FILLING, FILLING_BYTES, moveToWrap, numbered, type RingKind, ringIn } from './ring-place.js'
import { check, type Operations, type Place, type Scenario, type Survivors, WATCHDOG_MS } from './scenario.js'

/** Who writes: the number in the records. */
const VICTIM = 1
const SURVIVOR = 2

/** What a victim is told. */
export interface RingArgs {
  readonly directory: string
  readonly kind: RingKind
  /** Number of its first record. */
  readonly number: number
}

function ringOf({ directory, kind }: RingArgs): Ring {
  return ringIn(openRegion('place', { directory }), kind)
}

/** Operations of victims that write. */
export const writing: Operations = {
  'ring.write': (args: RingArgs) => {
    const producer = ringOf(args).producer()
    const record = numbered(VICTIM, args.number)
    return () => check(producer.tryWrite(record), 'no room')
  },
  'ring.batch': (args: RingArgs) => {
    const producer = ringOf(args).producer()
    const records = [0, 1].map((i) => numbered(VICTIM, args.number + i))
    return () => {
      for (const record of records) {
        const at = producer.tryClaim(record.length)
        check(at >= 0, 'no room')
        producer.bytes.set(record, at)
        producer.stage()
      }
      producer.publish()
    }
  },
  'ring.abort': (args: RingArgs) => {
    const producer = ringOf(args).producer()
    return () => {
      check(producer.tryClaim(400) >= 0, 'no room')
      producer.abort()
    }
  },
  'ring.close with a claim': (args: RingArgs) => {
    const region = openRegion('place', { directory: args.directory })
    const producer = ringIn(region, args.kind).producer()
    check(producer.tryClaim(400) >= 0, 'no room')
    return () => region.close()
  },
}

/** How the victim of a {@link RingSurvivor} writes. */
export interface Writing {
  readonly kind: RingKind
  readonly operation: string
  /** How many records. */
  readonly records: number
  readonly atWrap?: boolean
  /** Whether the consumer sleeps in its event loop, and is to be woken. */
  readonly sleeps?: boolean
}

/** Reads what victims and survivors write, and knows what has to come. */
export class RingSurvivor implements Survivors {
  readonly #place: Place
  readonly #writing: Writing
  readonly #region: Region
  readonly #ring: Ring
  readonly #consumer: Consumer
  #woken: Promise<void> | undefined
  #number = 0
  #own = 0
  #got = 0

  constructor(place: Place, writing: Writing) {
    this.#place = place
    this.#writing = writing
    this.#region = place.open()
    this.#ring = ringIn(this.#region, writing.kind)
    this.#consumer = this.#ring.consumer()
  }

  async prepare(): Promise<RingArgs> {
    const { kind, atWrap, sleeps } = this.#writing
    if (atWrap) {
      moveToWrap(this.#ring.producer(), () => this.#drain())
      // One that fits in what is left takes no step of a wrap.
      while (numbered(VICTIM, this.#number).length <= FILLING_BYTES) this.#number++
    }
    if (sleeps) {
      this.#woken = this.#consumer.wait({ timeoutMs: WATCHDOG_MS })
      await untilFastAsleep(this.#region)
    }
    this.#got = 0
    return { directory: this.#place.directory, kind, number: this.#number }
  }

  async settle({ step }: Death): Promise<string> {
    const { records } = this.#writing
    // Nobody else rings: what was committed wakes the sleeper, or it looks by itself.
    if (this.#consumer.ready) await this.#woken
    this.#drain()
    // A producer that takes over.
    const producer = this.#ring.producer()
    const own = this.#own + 3
    for (let i = this.#own; i < own; i++) {
      producer.writeSync(numbered(SURVIVOR, i), { timeoutMs: WATCHDOG_MS })
    }
    await this.#woken
    this.#woken = undefined
    while (this.#own < own) {
      await this.#consumer.wait({ timeoutMs: WATCHDOG_MS })
      this.#drain()
    }
    const got = this.#got
    check(got <= records, `${got} records of the victim came`)
    if (step === undefined) check(got === records, `only ${got} records came of one who ended in order`)
    this.#number += records
    return records === 0 ? 'nothing written' : got === 0 ? 'not written' : `delivered ${got} of ${records}`
  }

  #drain(): void {
    const take = (bytes: Uint8Array, start: number, end: number, kind: number): void => {
      if (kind === FILLING) return
      const { from, number } = checkRecord(bytes, start, end)
      const expected = from === VICTIM ? this.#number + this.#got++ : this.#own++
      check(number === expected, `record ${number} of ${from} came instead of ${expected}`)
    }
    while (this.#consumer.read(take) > 0);
  }
}

function writes(kind: RingKind): Scenario[] {
  const scenario = (name: string, writing: Omit<Writing, 'kind'>, only?: RegExp): Scenario => ({
    structure: kind,
    name,
    operation: writing.operation,
    ...(only === undefined ? {} : { only }),
    begin: (place) => new RingSurvivor(place, { kind, ...writing }),
  })
  return [
    scenario('write', { operation: 'ring.write', records: 1 }),
    scenario('write at the wrap', { operation: 'ring.write', records: 1, atWrap: true }),
    scenario('write, a consumer sleeps', { operation: 'ring.write', records: 1, sleeps: true }),
    scenario('stage two, publish', { operation: 'ring.batch', records: 2 }),
    scenario('claim, abort', { operation: 'ring.abort', records: 0 }),
    scenario('close with a claim', { operation: 'ring.close with a claim', records: 0 }),
  ]
}

export const ringWriteScenarios: readonly Scenario[] = (
  ['spscRing', 'mpscRing', 'broadcastRing'] as const
).flatMap(writes)

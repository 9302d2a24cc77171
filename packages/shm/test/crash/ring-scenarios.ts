import {
  broadcastRing,
  type Consumer,
  mpscRing,
  openRegion,
  type Producer,
  type Region,
  spscRing,
} from '@ipc/shm'
import { checkRecord, fillRecord, LONGEST_RECORD } from '../fixtures/numbered-records.js'
import { check, type Place, type Scenario, type Survivors, WATCHDOG_MS } from './scenario.js'

export const RINGS = { spscRing, mpscRing, broadcastRing } as const
export type RingKind = keyof typeof RINGS

const CAPACITY_BYTES = 4096
/** Who writes: the number in the records. */
const VICTIM = 1
const SURVIVOR = 2

/** What a victim is told. */
interface RingArgs {
  readonly directory: string
  readonly kind: RingKind
  /** Number of its first record. */
  readonly number: number
}

/** The ring of a series. */
export function ringIn(region: Region, kind: RingKind): ReturnType<typeof mpscRing> {
  return RINGS[kind](region, 'ring', { capacityBytes: CAPACITY_BYTES })
}

function ringOf({ directory, kind }: RingArgs): ReturnType<typeof mpscRing> {
  return ringIn(openRegion('place', { directory }), kind)
}

function numbered(from: number, number: number): Uint8Array {
  const bytes = new Uint8Array(LONGEST_RECORD)
  return bytes.subarray(0, fillRecord(bytes, 0, from, number))
}

/** Operations of victims that write. */
export const writing = {
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
      check(producer.tryClaim(100) >= 0, 'no room')
      producer.abort()
    }
  },
  'ring.close with a claim': (args: RingArgs) => {
    const region = openRegion('place', { directory: args.directory })
    const producer = ringIn(region, args.kind).producer()
    check(producer.tryClaim(100) >= 0, 'no room')
    return () => region.close()
  },
}

/** Reads what victims and survivors write, and knows what has to come. */
class RingSurvivor implements Survivors {
  readonly #place: Place
  readonly #kind: RingKind
  readonly #records: number
  readonly #atWrap: boolean
  readonly #ring: ReturnType<typeof mpscRing>
  readonly #consumer: Consumer
  #number = 0
  #own = 0

  constructor(place: Place, kind: RingKind, records: number, atWrap: boolean) {
    this.#place = place
    this.#kind = kind
    this.#records = records
    this.#atWrap = atWrap
    this.#ring = ringIn(place.open(), kind)
    this.#consumer = this.#ring.consumer()
  }

  prepare(): RingArgs {
    if (this.#atWrap) moveToWrap(this.#ring.producer(), () => this.#drain())
    return { directory: this.#place.directory, kind: this.#kind, number: this.#number }
  }

  settle({ step }: { step: string | undefined }): string {
    const got = this.#drain()
    check(got <= this.#records, `${got} records of the victim came`)
    if (step === undefined) check(got === this.#records, `only ${got} records came of one who ended in order`)
    this.#number += this.#records
    // A producer that takes over.
    const producer = this.#ring.producer()
    for (let i = 0; i < 3; i++) {
      producer.writeSync(numbered(SURVIVOR, this.#own + i), { timeoutMs: WATCHDOG_MS })
    }
    const before = this.#own
    check(this.#drain() === 0, 'a record of the victim came after those of a survivor')
    check(this.#own === before + 3, `${this.#own - before} of the survivor's 3 records came`)
    return this.#records === 0 ? 'nothing written' : got === 0 ? 'not written' : `delivered ${got}`
  }

  /** Read all; returns how many were the victim's. */
  #drain(): number {
    let got = 0
    const take = (bytes: Uint8Array, start: number, end: number, kind: number): void => {
      if (kind === FILLING) return
      const { from, number } = checkRecord(bytes, start, end)
      const expected = from === VICTIM ? this.#number + got++ : this.#own++
      check(number === expected, `record ${number} of ${from} came instead of ${expected}`)
    }
    while (this.#consumer.read(take) > 0);
    return got
  }
}

const FILLING = 9

/** Write until the next record does not fit before the end of the ring. */
export function moveToWrap(producer: Producer, drain: () => void): void {
  const ends: number[] = []
  while (true) {
    const at = producer.tryClaim(64, FILLING)
    if (at < 0) {
      drain()
      continue
    }
    producer.commit()
    ends.push(at)
    // One more of these would leave no room before the end for a record of the victim's.
    if (at + 64 + LEFT_BYTES >= CAPACITY_BYTES) break
    check(ends.length < 1000, 'the ring has no end')
  }
  drain()
}

const LEFT_BYTES = 80

function writes(kind: RingKind): Scenario[] {
  const scenario = (name: string, operation: string, records: number, atWrap: boolean = false): Scenario => ({
    structure: kind,
    name,
    operation,
    begin: (place) => new RingSurvivor(place, kind, records, atWrap),
  })
  return [
    scenario('write', 'ring.write', 1),
    scenario('write at the wrap', 'ring.write', 1, true),
    scenario('stage two, publish', 'ring.batch', 2),
    scenario('claim, abort', 'ring.abort', 0),
    scenario('close with a claim', 'ring.close with a claim', 0),
  ]
}

export const ringWriteScenarios: readonly Scenario[] = (
  ['spscRing', 'mpscRing', 'broadcastRing'] as const
).flatMap(writes)

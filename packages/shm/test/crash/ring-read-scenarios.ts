import type { Death, Victim } from '@ipc/faults/crash'
import { openRegion, type Producer, type Region, type Ring } from '@ipc/shm'
import { BLOCKED, OBJECT_HEADER_BYTES, OBJECTS_FIRST, PARKED, REGION_HEADER_BYTES } from '../../src/layout.js'
import { RING_HEAD, RING_TAIL } from '../../src/ring/ring-layout.js'
import { checkRecord } from '../fixtures/numbered-records.js'
import { untilAsleep, untilFastAsleep } from './asleep.js'
import { looks } from './quick-looks.js'
import { CAPACITY_BYTES, numbered, type RingKind, ringIn } from './ring-place.js'
import { check, type Operations, type Place, type Scenario, type Survivors, WATCHDOG_MS } from './scenario.js'

const WRITER = 1
const RECORDS = 12

export interface ReadArgs {
  readonly directory: string
  readonly kind: RingKind
  /** Whether who waits looks very soon who has died. */
  readonly isQuick?: boolean
}

function ringOf({ directory, kind }: ReadArgs): Ring {
  return ringIn(openRegion('place', { directory }), kind)
}

/** Operations of victims that read. */
export const reading: Operations = {
  'ring.read': (args: ReadArgs) => {
    const consumer = ringOf(args).consumer()
    return () => consumer.read(() => {})
  },
  'ring.receive': (args: ReadArgs) => {
    const consumer = ringOf(args).consumer()
    return () => check(consumer.tryReceive() !== undefined, 'nothing there')
  },
  'ring.waitSync': (args: ReadArgs) => {
    const consumer = ringOf(args).consumer()
    return () => {
      check(consumer.waitSync({ timeoutMs: WATCHDOG_MS }), 'nothing came')
      consumer.read(() => {})
    }
  },
  'ring.wait': (args: ReadArgs) => {
    const consumer = ringOf(args).consumer()
    if (args.isQuick) looks.quickly()
    return async () => {
      await consumer.wait({ timeoutMs: WATCHDOG_MS })
      consumer.read(() => {})
    }
  },
}

/** Writes what victims read; the next consumer reads what they did not. */
export class WritingSurvivor implements Survivors {
  readonly args: ReadArgs
  readonly region: Region
  readonly ring: Ring
  readonly producer: Producer
  #first = 0
  #next = 0

  constructor({ directory, open }: Place, kind: RingKind) {
    this.args = { directory, kind }
    this.region = open()
    this.ring = ringIn(this.region, kind)
    this.producer = this.ring.producer()
  }

  prepare(): ReadArgs | Promise<ReadArgs> {
    this.write(RECORDS)
    return this.args
  }

  settle({ step }: Death): string | Promise<string> {
    const written = this.#next - this.#first
    const left = this.readRest()
    if (step === undefined) check(left < written, 'nothing was read by one who ended in order')
    // The next ones go on.
    this.write(3)
    check(this.readRest() === 3, 'the next records do not come')
    if (written === 0) return 'nothing written'
    return left === written ? 'all come again' : left === 0 ? 'all read' : 'some read, the others come again'
  }

  /** The next record. */
  peek(): Uint8Array {
    return numbered(WRITER, this.#next)
  }

  /** The next record, for whoever writes it. */
  next(): Uint8Array {
    return numbered(WRITER, this.#next++)
  }

  write(records: number): void {
    for (let i = 0; i < records; i++) this.producer.writeSync(this.next(), { timeoutMs: WATCHDOG_MS })
  }

  /** Another consumer: what is left has to be the last of what was written, all of it and in order. */
  readRest(): number {
    const left = this.readSome()
    // The victim has read all.
    if (left === 0) this.#first = this.#next
    check(this.#first === this.#next, `record ${this.#first} did not come`)
    return left
  }

  /** Until there is a record, or all have been read. */
  async untilReadable(): Promise<void> {
    if (this.usedBytes === 0) return
    await this.ring.consumer().wait({ timeoutMs: WATCHDOG_MS })
  }

  /** Bytes of the ring that are in use. */
  get usedBytes(): number {
    const ring = (REGION_HEADER_BYTES + OBJECTS_FIRST + OBJECT_HEADER_BYTES) >> 2
    const words = new Int32Array(this.region.buffer)
    const position = (field: number): number => Atomics.load(words, ring + (field >> 2))
    return (position(RING_TAIL) - position(RING_HEAD)) | 0
  }

  get isAllRead(): boolean {
    return this.#first === this.#next
  }

  /** Read what there is: it has to be in order, and nothing that was left to be read before may be missing. */
  readSome(): number {
    const consumer = this.ring.consumer()
    let count = 0
    const take = (bytes: Uint8Array, start: number, end: number): void => {
      const { number } = checkRecord(bytes, start, end)
      const first = count++ === 0
      check(
        first ? number >= this.#first : number === this.#first,
        `record ${number} came, not ${this.#first}`,
      )
      this.#first = number + 1
    }
    while (consumer.read(take) > 0);
    return count
  }
}

/** The victim sleeps until a record comes. */
class AwaitedSurvivor extends WritingSurvivor {
  readonly #mode: number

  constructor(place: Place, kind: RingKind, mode: number) {
    super(place, kind)
    this.#mode = mode
  }

  override prepare(): ReadArgs {
    return this.args
  }

  async during(victim: Victim): Promise<void> {
    await untilAsleep(this.region, victim, this.#mode)
    this.write(1)
  }
}

/** A producer of the survivors sleeps until there is room, which the victim makes. */
class FullSurvivor extends WritingSurvivor {
  #waiting: Promise<void> | undefined

  override async prepare(): Promise<ReadArgs> {
    while (this.producer.tryWrite(this.peek())) this.next()
    this.#waiting = this.producer.write(this.next(), { timeoutMs: WATCHDOG_MS })
    await untilFastAsleep(this.region)
    return this.args
  }

  override async settle({ step }: Death): Promise<string> {
    // Room that the victim has made is seen without anybody else.
    if (this.usedBytes <= CAPACITY_BYTES / 2) await this.#waiting
    const read = this.readSome()
    const hasCome = this.isAllRead
    await this.#waiting
    const late = this.readRest()
    // The victim may have read that one too, if it has read all.
    check(hasCome || late === 1 || read === 0, 'the record that waited for room did not come')
    if (step === undefined) check(read <= 1, `${read} records come again after one who ended in order`)
    return read > 1 ? 'come again; the producer goes on' : 'read; the producer goes on'
  }
}

function reads(kind: 'spscRing' | 'mpscRing'): Scenario[] {
  return [
    {
      structure: kind,
      name: 'read',
      operation: 'ring.read',
      begin: (place) => new WritingSurvivor(place, kind),
    },
    {
      structure: kind,
      name: 'receive one',
      operation: 'ring.receive',
      begin: (place) => new WritingSurvivor(place, kind),
    },
    {
      structure: kind,
      name: 'read, a producer sleeps until there is room',
      operation: 'ring.read',
      begin: (place) => new FullSurvivor(place, kind),
    },
    {
      structure: kind,
      name: 'block until a record comes',
      operation: 'ring.waitSync',
      begin: (place) => new AwaitedSurvivor(place, kind, BLOCKED),
    },
    {
      structure: kind,
      name: 'wait in the event loop until a record comes',
      operation: 'ring.wait',
      begin: (place) => new AwaitedSurvivor(place, kind, PARKED),
    },
  ]
}

export const ringReadScenarios: readonly Scenario[] = (['spscRing', 'mpscRing'] as const).flatMap(reads)

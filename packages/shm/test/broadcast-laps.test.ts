import {
  type BroadcastConsumer,
  type BroadcastConsumerOptions,
  broadcastRing,
  createRegion,
  isIpcError,
} from '@ipc/shm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  BROADCAST_INTENT,
  BROADCAST_MARKS,
  BROADCAST_TAIL,
  MARK_BYTES,
} from '../src/ring/broadcast-layout.js'
import { CAPACITY_BYTES, payload, readAll } from './fixtures/ring-cases.js'
import { FIRST_OBJECT, wordsOf } from './fixtures/two-regions.js'

/** A ring whose positions and numbers begin somewhere. */
function ringFrom(position: number, sequence: number) {
  const region = createRegion(32_768)
  const ring = broadcastRing(region, 'ring', { capacityBytes: CAPACITY_BYTES })
  const words = wordsOf(region)
  const move = (to: number, number: number): void => {
    words[(FIRST_OBJECT + BROADCAST_TAIL) >> 2] = to
    words[(FIRST_OBJECT + BROADCAST_INTENT) >> 2] = to
    for (const mark of [0, MARK_BYTES]) words.set([to, number], (FIRST_OBJECT + BROADCAST_MARKS + mark) >> 2)
  }
  move(position, sequence)
  return { ring, move }
}

/** A payload that tells its number, and all of whose bytes follow from it. */
function numbered(number: number, length: number): Uint8Array {
  const record = payload(length, number)
  new DataView(record.buffer).setInt32(0, number)
  return record
}

function numberOf(record: Uint8Array): number {
  const number = new DataView(record.buffer).getInt32(0)
  expect(record).toEqual(numbered(number, record.length))
  return number
}

/** One of the consumers, and what it must see: every number from where it began, unless it counts it as lost. */
class Follower {
  readonly overflow: BroadcastConsumerOptions['overflow']
  readonly #consumer: BroadcastConsumer
  readonly #began: number
  #received = 0
  #next: number
  isOpen = true

  constructor(consumer: BroadcastConsumer, overflow: BroadcastConsumerOptions['overflow'], began: number) {
    this.#consumer = consumer
    this.overflow = overflow
    this.#began = began
    this.#next = began
  }

  /** Read; with all that is there, `newest` is the last number it gets. */
  read(limit: number, newest?: number): void {
    if (!this.isOpen) return
    try {
      // One call reads no more than a ring, and may begin with what it had copied before it was lapped.
      this.#read(limit)
      if (newest !== undefined) this.#read(limit)
      expect(this.#received + this.#consumer.lost).toBe(this.#next - this.#began)
      if (newest !== undefined) expect(this.#next).toBe(newest + 1)
    } catch (error) {
      if (this.overflow !== 'disconnect' || !isIpcError(error, 'IPC_QUEUE_FULL')) throw error
      expect(error.details).toEqual({ lost: this.#consumer.lost })
      this.close()
    }
  }

  #read(limit: number): void {
    for (const [, record] of readAll(this.#consumer, limit)) {
      const number = numberOf(record)
      expect(number).toBeGreaterThanOrEqual(this.#next)
      if (this.overflow === 'wait') expect(number).toBe(this.#next)
      this.#next = number + 1
      this.#received++
    }
  }

  close(): void {
    this.#consumer.close()
    this.isOpen = false
  }
}

const overflow = fc.constantFrom('drop-oldest' as const, 'wait' as const, 'disconnect' as const)
const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ op: fc.constant('write' as const), count: fc.integer({ min: 1, max: 12 }) }),
  },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('read' as const), who: fc.nat(3), limit: fc.nat(6) }) },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant('stage' as const), count: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('abort' as const) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('begin' as const), who: fc.nat(3), overflow }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('take over' as const) }) },
)

test('whatever is written and read, a consumer gets each record or counts it as lost, and waiting ones get all', () => {
  const start = fc.constantFrom(0, 40, 2 ** 31 - 8, 2 ** 31 - 3000, -8, -1024, -5000)
  const lengths = fc.array(fc.integer({ min: 4, max: 112 }), { minLength: 1, maxLength: 10 })
  fc.assert(
    fc.property(
      start,
      lengths,
      fc.array(command, { minLength: 20, maxLength: 120 }),
      (position, sizes, commands) => {
        const { ring } = ringFrom(position, 2 ** 31 - 20)
        const followers: (Follower | undefined)[] = []
        let producer = ring.producer()
        let written = 0
        let staged = 0
        let aborted = false
        const sizeOf = (number: number): number => sizes[number % sizes.length] as number
        const claim = (): boolean => {
          const number = written + staged
          const at = producer.tryClaim(sizeOf(number))
          if (at < 0) return false
          producer.bytes.set(numbered(number, sizeOf(number)), at)
          return true
        }
        const publish = (): void => {
          producer.publish()
          written += staged
          staged = 0
        }
        // An aborted claim may have been written over the start of the lap, and a lapped consumer then finds nothing.
        const newest = (): number | undefined => (aborted ? undefined : written - 1)
        for (const next of commands) {
          switch (next.op) {
            case 'write':
              publish()
              for (let i = 0; i < next.count; i++) {
                if (producer.tryWrite(numbered(written, sizeOf(written)))) {
                  written++
                  aborted = false
                } else expect(followers.some((each) => each?.isOpen && each.overflow === 'wait')).toBe(true)
              }
              break
            case 'stage':
              for (let i = 0; i < next.count && staged < 6; i++) {
                if (!claim()) break
                producer.stage()
                staged++
              }
              break
            case 'abort':
              if (!claim()) break
              producer.abort()
              aborted = true
              break
            case 'read':
              publish()
              if (next.limit > 0) followers[next.who]?.read(next.limit)
              else followers[next.who]?.read(Number.POSITIVE_INFINITY, newest())
              break
            case 'begin':
              publish()
              followers[next.who]?.close()
              followers[next.who] = new Follower(ring.consumer(next), next.overflow, written)
              break
            case 'take over':
              publish()
              producer = ring.producer()
          }
        }
        publish()
        for (const follower of followers) follower?.read(Number.POSITIVE_INFINITY, newest())
      },
    ),
    { numRuns: 300 },
  )
})

test('a consumer that pauses for 2 ** 32 bytes goes on at a record, and takes no payload for one', () => {
  const { ring, move } = ringFrom(0, 0)
  const consumer = ring.consumer()
  ring.producer().tryWrite(payload(24))
  expect(readAll(consumer)).toHaveLength(1)
  // So many bytes later, its position is that of the last bytes of a payload; which look like a record.
  move(0, 1000)
  const forged = payload(100, 0xaa)
  new Int32Array(forged.buffer).set([8, 1, 1, 7], 6)
  ring.producer().tryWrite(forged, 5)
  expect(readAll(consumer)).toEqual([[5, forged]])
  expect(consumer.lost).toBe(999)
})

test('a consumer that pauses for 2 ** 32 bytes, and finds a record just there, counts all others as lost', () => {
  const { ring, move } = ringFrom(0, 0)
  const consumer = ring.consumer()
  ring.producer().tryWrite(payload(24))
  expect(readAll(consumer)).toHaveLength(1)
  move(0, 1000)
  const producer = ring.producer()
  for (const fill of [1, 2, 3]) producer.tryWrite(payload(24, fill))
  expect(readAll(consumer).map(([, [fill]]) => fill)).toEqual([2, 3])
  expect(consumer.lost).toBe(1000)
})

import { type BroadcastConsumer, type BroadcastConsumerOptions, broadcastRing, type Producer } from '@ipc/shm'
import { describe, expect, test } from 'vitest'
import {
  BROADCAST_INTENT,
  BROADCAST_MARKS,
  BROADCAST_TAIL,
  MAX_READERS,
} from '../src/ring/broadcast-layout.js'
import { CAPACITY_BYTES, payload, readAll } from './fixtures/ring-cases.js'
import {
  closeAfterEach,
  FIRST_OBJECT,
  failsWith,
  type Memory,
  parked,
  twoRegions,
  wordsOf,
} from './fixtures/two-regions.js'

/** With its header, a record of 48 bytes takes a sixteenth of the ring. */
const RECORD_BYTES = 48
const RECORDS = 16
const MOST = CAPACITY_BYTES / 8 - 16

/** Write records that are filled with their numbers; stops at the first that is refused. Returns the next number. */
function write(producer: Producer, from: number, count: number): number {
  for (let number = from; number < from + count; number++) {
    if (!producer.tryWrite(payload(RECORD_BYTES, number))) return number
  }
  return from + count
}

/** The numbers of the records that are there. */
function numbers(consumer: BroadcastConsumer): number[] {
  return readAll(consumer).map(([, record]) => {
    expect(record).toEqual(payload(RECORD_BYTES, record[0]))
    return record[0] as number
  })
}

const range = (from: number, end: number): number[] => Array.from({ length: end - from }, (_, i) => from + i)

closeAfterEach()

describe.each<Memory>(['SharedArrayBuffer', 'named region'])('broadcastRing over a %s', (memory) => {
  function ends() {
    const { here, there } = twoRegions(memory)
    const ring = broadcastRing(here, 'ring', { capacityBytes: CAPACITY_BYTES })
    const consumer = (options?: BroadcastConsumerOptions): BroadcastConsumer =>
      broadcastRing(there, 'ring').consumer(options)
    return { here, there, ring, producer: ring.producer(), consumer }
  }

  test('all consumers get all records in order, each at its own pace', () => {
    const { producer, consumer } = ends()
    const [first, second, third] = [consumer(), consumer({ from: 'oldest' }), consumer({ overflow: 'wait' })]
    write(producer, 0, 4)
    expect(numbers(first)).toEqual(range(0, 4))
    write(producer, 4, 4)
    for (const [reader, from] of [
      [first, 4],
      [second, 0],
      [third, 0],
    ] as const) {
      expect(numbers(reader)).toEqual(range(from, 8))
      expect(numbers(reader)).toEqual([])
      expect([reader.consumed, reader.lost]).toEqual([8, 0])
    }
  })

  test('consumers that keep up get all records across laps and the wrap of positions and numbers', () => {
    for (const position of [0, 2 ** 31 - 4096, 2 ** 31 - 1024, -4096, -1024]) {
      const { here, there } = twoRegions('SharedArrayBuffer')
      const ring = broadcastRing(here, 'ring', { capacityBytes: CAPACITY_BYTES })
      const words = wordsOf(here)
      words[(FIRST_OBJECT + BROADCAST_TAIL) >> 2] = position
      words[(FIRST_OBJECT + BROADCAST_INTENT) >> 2] = position
      words.set([position, 2 ** 31 - 50], (FIRST_OBJECT + BROADCAST_MARKS) >> 2)
      const readers = (['drop-oldest', 'wait', 'disconnect'] as const).map((overflow) =>
        broadcastRing(there, 'ring').consumer({ overflow }),
      )
      const producer = ring.producer()
      for (let number = 0; number < 200; number++) {
        const record = payload(number % (MOST + 1), number)
        expect(producer.tryWrite(record, number)).toBe(true)
        for (const reader of readers) expect(readAll(reader)).toEqual([[number, record]])
      }
      expect(readers.map(({ lost }) => lost)).toEqual([0, 0, 0])
    }
  })

  test('records are invisible until they are committed or published, aborted ones for good', () => {
    const { producer, consumer } = ends()
    const reader = consumer()
    producer.tryClaim(5)
    expect(reader.ready).toBe(false)
    producer.abort()
    producer.tryClaim(6)
    producer.stage()
    producer.tryClaim(7)
    expect(readAll(reader)).toEqual([])
    producer.stage()
    producer.publish()
    expect(readAll(reader).map(([, { length }]) => length)).toEqual([6, 7])
    expect(reader.lost).toBe(0)
  })

  test('the longest record fits wherever the positions are, and a longer one is refused', () => {
    const { producer, consumer, ring } = ends()
    expect(ring.maxRecordBytes).toBe(MOST)
    expect(() => producer.tryWrite(payload(MOST + 1))).toThrow(RangeError)
    const reader = consumer()
    for (let i = 0; i < 100; i++) {
      producer.tryWrite(payload((i % 13) * 8, 1))
      producer.tryWrite(payload(MOST, i))
      expect(readAll(reader)[1]).toEqual([0, payload(MOST, i)])
    }
  })

  test('a consumer gets what is written after it began; from the oldest, all that is there', () => {
    for (let count = 0; count <= RECORDS; count++) {
      const { here } = twoRegions('SharedArrayBuffer')
      const ring = broadcastRing(here, 'ring', { capacityBytes: CAPACITY_BYTES })
      write(ring.producer(), 0, count)
      const latest = ring.consumer()
      const oldest = ring.consumer({ from: 'oldest' })
      expect(numbers(latest)).toEqual([])
      expect(numbers(oldest)).toEqual(range(0, count))
      write(ring.producer(), 100, 1)
      expect([...numbers(latest), ...numbers(oldest)]).toEqual([100, 100])
      expect([latest.lost, oldest.lost]).toEqual([0, 0])
    }
  })

  test('a lapped consumer goes on with newer records, the newest among them, and counts what it lost', () => {
    for (let written = RECORDS; written < 5 * RECORDS; written++) {
      const { producer, consumer } = ends()
      const reader = consumer()
      write(producer, 0, 3)
      expect(numbers(reader)).toEqual([0, 1, 2])
      write(producer, 3, written)
      const seen = numbers(reader)
      expect(seen).toEqual(range(3 + written - seen.length, 3 + written))
      expect(seen.length).toBeGreaterThan(0)
      expect(reader.lost).toBe(written - seen.length)
    }
  })

  test('a consumer that is lapped before it reads counts what it lost', () => {
    const { producer, consumer } = ends()
    write(producer, 0, 5)
    const [latest, oldest] = [consumer(), consumer({ from: 'oldest' })]
    write(producer, 5, 50)
    for (const reader of [latest, oldest]) {
      const seen = numbers(reader)
      expect(seen.at(-1)).toBe(54)
      expect(reader.lost + seen.length).toBe(50)
    }
  })

  test('with overflow disconnect, reading after being lapped throws IPC_QUEUE_FULL, and says what was lost', async () => {
    const { producer, consumer, there } = ends()
    const [reading, fresh, waiting] = [0, 1, 2].map(() => consumer({ overflow: 'disconnect' })) as [
      BroadcastConsumer,
      BroadcastConsumer,
      BroadcastConsumer,
    ]
    write(producer, 0, 1)
    expect([numbers(reading), numbers(waiting)]).toEqual([[0], [0]])
    const received = waiting.receive()
    await parked(there)
    write(producer, 1, 3 * RECORDS)
    await expect(received).rejects.toThrow(failsWith('IPC_QUEUE_FULL'))
    for (const [reader, before] of [
      [reading, 1],
      [fresh, 0],
    ] as const) {
      const error = (() => {
        try {
          return reader.tryReceive()
        } catch (thrown) {
          return thrown
        }
      })()
      expect(error).toMatchObject({ code: 'IPC_QUEUE_FULL', details: { lost: reader.lost } })
      // All but the last, with which a new lap begins.
      expect(reader.lost).toBe(3 * RECORDS - before)
      expect(() => reader.read(() => {})).toThrow(failsWith('IPC_QUEUE_FULL'))
      await expect(reader.wait()).rejects.toThrow(failsWith('IPC_QUEUE_FULL'))
    }
  })

  test('with overflow wait the producer is held back, and nothing is lost', () => {
    const { producer, consumer } = ends()
    const [slow, fast] = [consumer({ overflow: 'wait' }), consumer({ overflow: 'wait' })]
    let next = 0
    const seen: number[] = []
    for (let round = 0; round < 50; round++) {
      next = write(producer, next, 100)
      expect(numbers(fast).at(-1)).toBe((next - 1) & 0xff)
      slow.read((bytes, start) => seen.push(bytes[start] as number), 1 + (round % 5))
    }
    expect(producer.full).toBe(50)
    seen.push(...numbers(slow))
    expect(seen).toEqual(range(0, next).map((number) => number & 0xff))
    expect([slow.lost, fast.lost]).toEqual([0, 0])
  })

  test.each(['read', 'consumer.close', 'region.close'] as const)(
    'a producer that waits goes on after %s',
    async (free) => {
      const { producer, consumer, here, there } = ends()
      const reader = consumer({ overflow: 'wait' })
      const next = write(producer, 0, 100)
      expect(next).toBe(RECORDS)
      const written = producer.write(payload(RECORD_BYTES, next))
      await parked(here)
      if (free === 'read') expect(numbers(reader)).toEqual(range(0, RECORDS))
      else if (free === 'consumer.close') reader.close()
      else there.close()
      await written
    },
  )

  test('a consumer that asks the producer to wait loses nothing from the moment it begins', () => {
    const { producer, consumer } = ends()
    const stage = (number: number): void => {
      const at = producer.tryClaim(RECORD_BYTES)
      producer.bytes.fill(number, at, at + RECORD_BYTES)
      producer.stage()
    }
    // More than a ring: what was claimed before it began must not reach around to what is published after it.
    for (let number = 0; number < 2 * RECORDS - 3; number++) stage(number)
    const reader = consumer({ overflow: 'wait' })
    producer.publish()
    const next = write(producer, 2 * RECORDS - 3, 100)
    const seen = numbers(reader)
    expect(seen).toEqual(range(seen[0] as number, next))
    expect(seen).toContain(2 * RECORDS - 4)
    expect(reader.lost).toBe(0)
  })

  test('closing a consumer twice, or its region after it, does not free the place of another one', () => {
    const { producer, consumer, there, ring } = ends()
    const first = consumer({ overflow: 'wait' })
    first.close()
    const second = ring.consumer({ overflow: 'wait' })
    first.close()
    expect(write(producer, 0, 100)).toBe(RECORDS)
    there.close()
    expect(producer.tryWrite(payload(RECORD_BYTES))).toBe(false)
    expect(numbers(second)).toEqual(range(0, RECORDS))
  })

  test('closing a consumer ends what waits there, and iteration; nothing is read any more', async () => {
    const { producer, consumer, there } = ends()
    const reader = consumer()
    const received = reader.receive()
    const waited = reader.wait()
    const other = consumer()
    const iterated = (async () => {
      for await (const _ of other);
    })()
    await parked(there)
    reader.close()
    other.close()
    await expect(received).rejects.toThrow(failsWith('IPC_CLOSED'))
    await expect(waited).rejects.toThrow(failsWith('IPC_CLOSED'))
    await iterated
    producer.tryWrite(payload(1))
    expect(reader.ready).toBe(false)
    for (const call of [
      () => reader.read(() => {}),
      () => reader.tryReceive(),
      () => reader.waitSync({ timeoutMs: 0 }),
    ]) {
      expect(call).toThrow(failsWith('IPC_CLOSED'))
    }
  })

  test('as many consumers as there are places can ask the producer to wait', () => {
    const { consumer } = ends()
    const readers = range(0, MAX_READERS).map(() => consumer({ overflow: 'wait' }))
    expect(() => consumer({ overflow: 'wait' })).toThrow(failsWith('IPC_OUT_OF_MEMORY'))
    consumer()
    readers[5]?.close()
    consumer({ overflow: 'wait' })
  })

  test('a producer that takes over continues the numbers, so that nothing counts as lost', () => {
    const { producer, consumer, here, there } = ends()
    const reader = consumer()
    write(producer, 0, 3)
    producer.tryClaim(10)
    producer.stage()
    here.close()
    write(broadcastRing(there, 'ring').producer(), 3, 3)
    expect(numbers(reader)).toEqual(range(0, 6))
    expect(reader.lost).toBe(0)
  })

  test('receive and iteration give copies that later records leave alone', async () => {
    const { producer, consumer } = ends()
    const reader = consumer()
    const records: Uint8Array[] = []
    for (let number = 0; number < 3 * RECORDS; number++) {
      write(producer, number, 1)
      records.push(await reader.receive())
    }
    expect(records.map(([number]) => number)).toEqual(range(0, 3 * RECORDS))
  })

  test('a listener that asks whether there is more keeps its record', () => {
    const { producer, consumer } = ends()
    const reader = consumer()
    write(producer, 1, 1)
    reader.read((bytes, start, end) => {
      write(producer, 2, 1)
      expect(reader.ready).toBe(true)
      expect(bytes.slice(start, end)).toEqual(payload(RECORD_BYTES, 1))
    }, 1)
    expect(numbers(reader)).toEqual([2])
  })

  test('options that cannot be are refused', () => {
    const { consumer, there } = ends()
    expect(() => consumer({ from: 'newest' as never })).toThrow(TypeError)
    expect(() => consumer({ overflow: 'block' as never })).toThrow(TypeError)
    expect(() => consumer({ from: 'oldest', overflow: 'wait' })).toThrow(TypeError)
    expect(() =>
      broadcastRing(there, 'other', { capacityBytes: CAPACITY_BYTES, recordBytes: MOST + 1 }),
    ).toThrow(RangeError)
    expect(() => broadcastRing(there, 'ring', { capacityBytes: 2048 })).toThrow(
      failsWith('IPC_PROTOCOL', /capacityBytes 1024, expected 2048/),
    )
  })
})

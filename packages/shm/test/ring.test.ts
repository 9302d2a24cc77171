import { mpscRing, type RingOptions, spscRing } from '@ipc/shm'
import { describe, expect, test } from 'vitest'
import { RING_HEAD, RING_TAIL } from '../src/ring/ring-layout.js'
import { CAPACITY_BYTES, fillUp, payload, RING_CASES, readAll } from './fixtures/ring-cases.js'
import { closeAfterEach, FIRST_OBJECT, twoRegions, wordsOf } from './fixtures/two-regions.js'

closeAfterEach()

describe.each(RING_CASES)('$ring over a $memory', ({ make, memory, most, headerBytes, unitBytes }) => {
  function ends(options: RingOptions = { capacityBytes: CAPACITY_BYTES }) {
    const { here, there } = twoRegions(memory)
    const ring = make(here, 'ring', options)
    return { here, there, ring, producer: ring.producer(), consumer: make(there, 'ring').consumer() }
  }

  test('read and tryReceive find nothing in an empty ring', () => {
    const { consumer } = ends()
    expect(consumer.ready).toBe(false)
    expect(readAll(consumer)).toEqual([])
    expect(consumer.tryReceive()).toBeUndefined()
    expect(consumer.waitSync({ timeoutMs: 0 })).toBe(false)
    expect(consumer.consumed).toBe(0)
  })

  test('records arrive in order, with their kinds, each once', () => {
    const { producer, consumer } = ends()
    expect(producer.tryWrite(payload(3, 1))).toBe(true)
    expect(producer.tryWrite(payload(0), 2 ** 31 - 1)).toBe(true)
    expect(producer.tryWrite(payload(70, 3), 7)).toBe(true)
    expect(consumer.ready).toBe(true)
    expect(consumer.waitSync({ timeoutMs: 0 })).toBe(true)
    expect(readAll(consumer)).toEqual([
      [0, payload(3, 1)],
      [2 ** 31 - 1, payload(0)],
      [7, payload(70, 3)],
    ])
    expect(readAll(consumer)).toEqual([])
    expect([producer.written, consumer.consumed]).toEqual([3, 3])
  })

  test('a claimed record is invisible until it is committed', () => {
    const { producer, consumer } = ends()
    const at = producer.tryClaim(3, 5)
    producer.bytes.set([1, 2, 3], at)
    expect(consumer.ready).toBe(false)
    expect(readAll(consumer)).toEqual([])
    expect(consumer.tryReceive()).toBeUndefined()
    producer.commit()
    expect(readAll(consumer)).toEqual([[5, Uint8Array.of(1, 2, 3)]])
  })

  test('claimed payloads begin at multiples of 8', () => {
    const { producer } = ends()
    for (const length of [1, 3, 8, 13, 0, 65]) {
      expect(producer.tryClaim(length) % 8).toBe(0)
      producer.commit()
    }
  })

  test('staged records arrive in order once they are published', () => {
    const { producer, consumer } = ends()
    for (const fill of [1, 2, 3]) {
      const at = producer.tryClaim(10)
      producer.bytes.fill(fill, at, at + 10)
      producer.stage()
    }
    producer.publish()
    producer.publish()
    expect(readAll(consumer)).toEqual([1, 2, 3].map((fill) => [0, payload(10, fill)]))
    expect(producer.written).toBe(3)
  })

  test('commit publishes what was staged before', () => {
    const { producer, consumer } = ends()
    producer.tryClaim(1)
    producer.stage()
    producer.tryClaim(2)
    producer.commit()
    expect(readAll(consumer).map(([, { length }]) => length)).toEqual([1, 2])
  })

  test('a ring full of staged records publishes them by itself', () => {
    const { producer, consumer } = ends()
    let staged = 0
    for (; producer.tryClaim(100) >= 0; staged++) producer.stage()
    expect(readAll(consumer)).toHaveLength(staged)
    expect(producer.full).toBe(1)
  })

  test('nothing arrives of an aborted record, and those around it do', () => {
    const { producer, consumer } = ends()
    producer.tryWrite(payload(1, 1))
    producer.tryClaim(100, 9)
    producer.abort()
    producer.tryWrite(payload(2, 2))
    producer.tryClaim(200, 9)
    producer.abort()
    expect(readAll(consumer)).toEqual([
      [0, payload(1, 1)],
      [0, payload(2, 2)],
    ])
    expect(readAll(consumer)).toEqual([])
    expect(producer.written).toBe(2)
  })

  test('aborted records give their room back, however many there are', () => {
    const { producer, consumer } = ends()
    for (let round = 0; round < 50; round++) {
      if (producer.tryClaim(most) >= 0) producer.abort()
      // Stepping over them is no reading, but the room is the producer's again.
      else expect([readAll(consumer), consumer.ready, consumer.tryReceive()]).toEqual([[], false, undefined])
    }
    expect(producer.tryWrite(payload(most, 7))).toBe(true)
    expect(consumer.tryReceive()).toEqual(payload(most, 7))
  })

  test.each(['ready', 'tryReceive', 'waitSync'] as const)(
    'aborted records give their room back to %s',
    (look) => {
      const { producer, consumer } = ends()
      for (let i = 0; i < 10; i++) if (producer.tryClaim(most) >= 0) producer.abort()
      for (let i = 0; i < 2; i++) {
        if (look === 'waitSync') consumer.waitSync({ timeoutMs: 0 })
        else if (look === 'tryReceive') consumer.tryReceive()
        else expect(consumer.ready).toBe(false)
      }
      expect(producer.tryWrite(payload(most))).toBe(true)
    },
  )

  test('commit, stage and abort without a claim throw TypeError', () => {
    const { producer, consumer } = ends()
    const none = (): void => {
      expect(() => producer.commit()).toThrow(TypeError)
      expect(() => producer.stage()).toThrow(TypeError)
      expect(() => producer.abort()).toThrow(TypeError)
    }
    none()
    for (const end of ['commit', 'stage', 'abort'] as const) {
      producer.tryClaim(1)
      producer[end]()
      none()
    }
    producer.publish()
    expect(readAll(consumer)).toHaveLength(2)
  })

  test('claiming and writing while a record is claimed throw TypeError, and the claim stays', () => {
    const { producer, consumer } = ends()
    producer.tryClaim(1)
    expect(() => producer.tryClaim(1)).toThrow(TypeError)
    expect(() => producer.tryWrite(payload(1))).toThrow(TypeError)
    expect(() => producer.write(payload(1))).toThrow(TypeError)
    expect(() => producer.writeSync(payload(1))).toThrow(TypeError)
    producer.commit()
    expect(readAll(consumer)).toHaveLength(1)
  })

  test('lengths and kinds out of range throw RangeError, and nothing is written', () => {
    const { producer, consumer, ring } = ends()
    expect([ring.maxRecordBytes, producer.maxRecordBytes]).toEqual([most, most])
    for (const length of [-1, most + 1, 2 ** 31, 2 ** 32, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => producer.tryClaim(length), String(length)).toThrow(RangeError)
    }
    for (const kind of [-1, 2 ** 31, 0.5, Number.NaN]) {
      expect(() => producer.tryClaim(1, kind), String(kind)).toThrow(RangeError)
      expect(() => producer.tryWrite(payload(1), kind), String(kind)).toThrow(RangeError)
    }
    expect(() => producer.tryWrite(payload(most + 1))).toThrow(RangeError)
    expect(() => producer.write(payload(most + 1))).toThrow(RangeError)
    expect(() => producer.writeSync(payload(most + 1))).toThrow(RangeError)
    expect(readAll(consumer)).toEqual([])
    expect(producer.written).toBe(0)
  })

  test('a full ring refuses records, counts that, and takes them again after reading', () => {
    const { producer, consumer } = ends()
    const count = fillUp(producer)
    expect(count).toBe(Math.floor(CAPACITY_BYTES / (Math.ceil((100 + headerBytes) / unitBytes) * unitBytes)))
    expect(producer.full).toBe(1)
    expect(producer.tryClaim(100)).toBe(-1)
    expect(producer.full).toBe(2)
    expect(readAll(consumer, 2)).toEqual([
      [0, payload(100, 0)],
      [0, payload(100, 1)],
    ])
    expect(producer.tryWrite(payload(100, 99))).toBe(true)
    const rest = readAll(consumer)
    expect(rest).toHaveLength(count - 1)
    expect(rest.at(-1)).toEqual([0, payload(100, 99)])
  })

  test('a full ring takes no record that would fit only around its end', () => {
    const { producer, consumer } = ends()
    // All but the last unit, and then the first one free.
    producer.tryWrite(payload(unitBytes - headerBytes))
    while (producer.tryWrite(payload(2 * unitBytes - headerBytes))) {}
    readAll(consumer, 1)
    expect(producer.tryWrite(payload(2 * unitBytes - headerBytes))).toBe(false)
    readAll(consumer, 1)
    expect(producer.tryWrite(payload(2 * unitBytes - headerBytes))).toBe(true)
  })

  test('the longest record fits into an empty ring wherever the positions are', () => {
    const { here, there } = twoRegions(memory)
    const ring = make(here, 'ring', { capacityBytes: CAPACITY_BYTES })
    const words = wordsOf(here)
    for (let position = -CAPACITY_BYTES; position < CAPACITY_BYTES; position += unitBytes) {
      words[(FIRST_OBJECT + RING_TAIL) >> 2] = position
      words[(FIRST_OBJECT + RING_HEAD) >> 2] = position
      expect(ring.producer().tryWrite(payload(most, position))).toBe(true)
      expect(make(there, 'ring').consumer().tryReceive()).toEqual(payload(most, position))
    }
  })

  test('empty records take a unit each', () => {
    const { producer, consumer } = ends()
    const count = fillUp(producer, 0)
    expect(count).toBe(CAPACITY_BYTES / unitBytes)
    expect(readAll(consumer)).toEqual(new Array(count).fill([0, payload(0)]))
  })

  test('one read gives all that a ring holds, whatever the records are', () => {
    for (const length of [0, 1, unitBytes - headerBytes, 3 * unitBytes - headerBytes, most]) {
      const { here } = twoRegions('SharedArrayBuffer')
      const ring = make(here, 'ring', { capacityBytes: CAPACITY_BYTES })
      expect(readAll(ring.consumer())).toHaveLength(0)
      const count = fillUp(ring.producer(), length)
      expect(readAll(ring.consumer())).toHaveLength(count)
    }
  })

  test('records of fixed size have just that size', () => {
    const { producer, consumer, ring } = ends({ capacityBytes: CAPACITY_BYTES, recordBytes: 16 })
    expect(ring.recordBytes).toBe(16)
    for (const length of [0, 15, 17]) expect(() => producer.tryWrite(payload(length))).toThrow(RangeError)
    expect(producer.tryWrite(payload(16))).toBe(true)
    expect(readAll(consumer)).toEqual([[0, payload(16)]])
  })

  test('read hands over no more than its limit', () => {
    const { producer, consumer } = ends()
    for (let i = 0; i < 5; i++) producer.tryWrite(payload(1, i))
    expect(readAll(consumer, 0)).toEqual([])
    for (const limit of [-1, Number.NaN]) expect(() => consumer.read(() => {}, limit)).toThrow(RangeError)
    expect(readAll(consumer, 2)).toEqual([0, 1].map((i) => [0, payload(1, i)]))
    expect(readAll(consumer, 100)).toEqual([2, 3, 4].map((i) => [0, payload(1, i)]))
  })

  test('read ends, although records come as fast as it reads them', () => {
    const { producer, consumer } = ends()
    producer.tryWrite(payload(20))
    consumer.read(() => {
      if (producer.written > 1000) throw new Error('reading does not end')
      producer.tryWrite(payload(20))
    })
    expect(readAll(consumer)).toHaveLength(1)
  })

  test('a record whose listener throws is read, those behind it stay, and its room is free', () => {
    const { producer, consumer } = ends()
    const count = fillUp(producer)
    const seen: number[] = []
    expect(() =>
      consumer.read((bytes, start) => {
        seen.push(bytes[start] as number)
        if (seen.length === 2) throw new Error('enough')
      }),
    ).toThrow('enough')
    expect(consumer.consumed).toBe(2)
    expect(producer.tryWrite(payload(100, 98))).toBe(true)
    expect(producer.tryWrite(payload(100, 99))).toBe(true)
    const rest = readAll(consumer)
    expect(rest).toHaveLength(count)
    expect(rest[0]).toEqual([0, payload(100, 2)])
  })

  test('a listener that closes the region gets no more records', () => {
    const { producer, consumer, there } = ends()
    for (let i = 1; i <= 5; i++) producer.tryWrite(payload(20, i))
    const seen: number[] = []
    const read = consumer.read((bytes, start) => {
      seen.push(bytes[start] as number)
      if (seen.length === 2) there.close()
    }, 1000)
    expect(seen).toEqual([1, 2])
    expect(read).toBe(2)
  })

  test('reading inside of a listener throws TypeError: its record would be written over', () => {
    const { producer, consumer } = ends()
    for (let i = 1; i <= 3; i++) producer.tryWrite(payload(20, i))
    for (const inside of [() => consumer.tryReceive(), () => consumer.read(() => {})]) {
      expect(() => consumer.read(() => void inside())).toThrow(TypeError)
    }
    expect(readAll(consumer)).toEqual([[0, payload(20, 3)]])
  })
})

test('staged records of an spscRing are invisible until they are published', () => {
  const { here } = twoRegions('SharedArrayBuffer')
  const ring = spscRing(here, 'ring', { capacityBytes: CAPACITY_BYTES })
  const producer = ring.producer()
  const consumer = ring.consumer()
  producer.tryClaim(1)
  producer.stage()
  expect(consumer.ready).toBe(false)
  producer.publish()
  expect(consumer.ready).toBe(true)
})

test('a slow producer of an mpscRing holds back what was claimed after it, and nothing else', () => {
  const { here, there } = twoRegions('SharedArrayBuffer')
  const ring = mpscRing(here, 'ring', { capacityBytes: CAPACITY_BYTES })
  const [first, second] = [ring.producer(), mpscRing(there, 'ring').producer()]
  const consumer = ring.consumer()
  first.tryWrite(payload(1, 1))
  first.tryClaim(100)
  second.tryWrite(payload(1, 2))
  expect(readAll(consumer)).toEqual([[0, payload(1, 1)]])
  first.abort()
  expect(readAll(consumer)).toEqual([[0, payload(1, 2)]])
})

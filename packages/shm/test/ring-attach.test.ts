import { mpscRing, type RingOptions, spscRing } from '@ipc/shm'
import { describe, expect, test } from 'vitest'
import { CAPACITY_BYTES, payload, RING_CASES, readAll } from './fixtures/ring-cases.js'
import { closeAfterEach, failsWith, twoRegions } from './fixtures/two-regions.js'

closeAfterEach()

describe.each(RING_CASES)('$ring over a $memory', ({ make, memory, most }) => {
  function ends(options: RingOptions = { capacityBytes: CAPACITY_BYTES }) {
    const { here, there } = twoRegions(memory)
    const ring = make(here, 'ring', options)
    return { here, there, ring, producer: ring.producer(), consumer: make(there, 'ring').consumer() }
  }

  test('whoever attaches gets the ring as it is, and one that differs is refused', () => {
    const { there } = ends({ capacityBytes: CAPACITY_BYTES, recordBytes: 16 })
    expect(make(there, 'ring')).toMatchObject({
      name: 'ring',
      capacityBytes: CAPACITY_BYTES,
      recordBytes: 16,
    })
    const other = make === spscRing ? mpscRing : spscRing
    expect(() => make(there, 'ring', { capacityBytes: 2048 })).toThrow(
      failsWith('IPC_PROTOCOL', /ring in .* has capacityBytes 1024, expected 2048/),
    )
    expect(() => make(there, 'ring', { recordBytes: 8 })).toThrow(
      failsWith('IPC_PROTOCOL', /has recordBytes 16, expected 8/),
    )
    expect(() => other(there, 'ring')).toThrow(
      failsWith('IPC_PROTOCOL', /has kind (spsc|mpsc)Ring, expected/),
    )
  })

  test('a ring that cannot be is refused', () => {
    const { here } = twoRegions(memory)
    for (const capacityBytes of [0, 512, 1000, 3 * 1024, 2 ** 31, 1.5, Number.NaN]) {
      expect(() => make(here, 'ring', { capacityBytes }), String(capacityBytes)).toThrow(RangeError)
    }
    for (const recordBytes of [0, -1, most + 1, 1.5]) {
      expect(() => make(here, 'ring', { capacityBytes: CAPACITY_BYTES, recordBytes })).toThrow(RangeError)
    }
    expect(() => make(here, '')).toThrow(TypeError)
    expect(() => make(here, 'ring')).toThrow(failsWith('IPC_OUT_OF_MEMORY'))
    expect(make(here, 'ring', { capacityBytes: CAPACITY_BYTES, recordBytes: most }).recordBytes).toBe(most)
  })

  test('records of fixed size that a new ring of the default size cannot hold are refused', () => {
    const { here } = twoRegions(memory, 2 ** 22)
    expect(() => make(here, 'ring', { recordBytes: 2 ** 18 + 1 })).toThrow(RangeError)
    const ring = make(here, 'ring', { recordBytes: 2 ** 18 - 8 })
    expect(ring.producer().tryWrite(payload(2 ** 18 - 8))).toBe(true)
  })

  test('a consumer that takes over continues where the one before stopped', () => {
    const { producer, consumer, there, here } = ends()
    for (let i = 0; i < 6; i++) producer.tryWrite(payload(9, i))
    expect(readAll(consumer, 3)).toHaveLength(3)
    there.close()
    expect(readAll(make(here, 'ring').consumer())).toEqual([3, 4, 5].map((i) => [0, payload(9, i)]))
  })

  test('a producer that takes over continues behind what was published', () => {
    const { producer, consumer, there, here } = ends()
    producer.tryWrite(payload(9, 1))
    here.close()
    make(there, 'ring').producer().tryWrite(payload(9, 2))
    expect(readAll(consumer)).toEqual([1, 2].map((i) => [0, payload(9, i)]))
  })

  test('closing the region aborts what is claimed: others go on', () => {
    const { producer, consumer, here, there } = ends()
    producer.tryClaim(10)
    here.close()
    for (const end of ['commit', 'stage', 'abort'] as const) {
      expect(() => producer[end]()).toThrow(failsWith('IPC_CLOSED'))
    }
    make(there, 'ring').producer().tryWrite(payload(9, 2))
    expect(readAll(consumer)).toEqual([[0, payload(9, 2)]])
  })

  test('in a closed region all calls fail with IPC_CLOSED', async () => {
    const { producer, consumer, ring, here, there } = ends()
    producer.tryWrite(payload(1))
    here.close()
    there.close()
    const closed = failsWith('IPC_CLOSED')
    for (const call of [
      () => producer.tryClaim(1),
      () => producer.tryWrite(payload(1)),
      () => producer.writeSync(payload(1)),
      () => consumer.read(() => {}),
      () => consumer.tryReceive(),
      () => consumer.waitSync({ timeoutMs: 0 }),
      () => make(here, 'ring'),
    ]) {
      expect(call, String(call)).toThrow(closed)
    }
    await expect(producer.write(payload(1))).rejects.toThrow(closed)
    await expect(consumer.receive()).rejects.toThrow(closed)
    await expect(consumer.wait()).rejects.toThrow(closed)
    expect(consumer.ready).toBe(false)
    expect(ring.name).toBe('ring')
  })
})

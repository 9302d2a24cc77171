import { mpscRing, type RingOptions } from '@ipc/shm'
import { describe, expect, test } from 'vitest'
import { EVENT_ANY } from '../src/layout.js'
import { ENTRY_LENGTH, MPSC_CONTROL_BYTES } from '../src/ring/mpsc-layout.js'
import { RING_CONTROL_BYTES, RING_RECORDS_EVENT } from '../src/ring/ring-layout.js'
import { CAPACITY_BYTES, fillUp, payload, RING_CASES, readAll } from './fixtures/ring-cases.js'
import {
  closeAfterEach,
  FIRST_OBJECT,
  failsWith,
  parked,
  twoRegions,
  wordsOf,
} from './fixtures/two-regions.js'

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

closeAfterEach()

describe.each(RING_CASES)('waits of $ring over a $memory', ({ make, memory }) => {
  function ends(options: RingOptions = { capacityBytes: CAPACITY_BYTES }) {
    const { here, there } = twoRegions(memory)
    const ring = make(here, 'ring', options)
    return { here, there, producer: ring.producer(), consumer: make(there, 'ring').consumer() }
  }

  test('receive gives a record that is there, and one that comes while it sleeps', async () => {
    const { producer, consumer, there } = ends()
    producer.tryWrite(payload(1, 1))
    expect(await consumer.receive()).toEqual(payload(1, 1))
    const second = consumer.receive()
    await parked(there)
    producer.tryWrite(payload(1, 2))
    expect(await second).toEqual(payload(1, 2))
  })

  test('wait takes nothing', async () => {
    const { producer, consumer, there } = ends()
    const there1 = consumer.wait()
    await parked(there)
    producer.tryWrite(payload(1))
    await there1
    await consumer.wait()
    expect(readAll(consumer)).toEqual([[0, payload(1)]])
  })

  test('stage wakes nobody, publish does', async () => {
    const { producer, consumer, here, there } = ends()
    const received = consumer.receive()
    await parked(there)
    const armed = (): number =>
      Atomics.load(wordsOf(here), (FIRST_OBJECT + RING_RECORDS_EVENT + EVENT_ANY) >> 2)
    producer.tryClaim(1)
    producer.stage()
    expect(armed()).toBe(1)
    producer.publish()
    expect(armed()).toBe(0)
    expect(await received).toHaveLength(1)
  })

  test('pending receives get the records in the order of the calls', async () => {
    const { producer, consumer } = ends()
    const received = [consumer.receive(), consumer.receive(), consumer.receive()]
    for (let i = 0; i < 3; i++) {
      producer.tryWrite(payload(1, i))
      await nextTurn()
    }
    expect(await Promise.all(received)).toEqual([0, 1, 2].map((i) => payload(1, i)))
  })

  test('receive ends by its signal and by its time, and takes nothing then', async () => {
    const { producer, consumer } = ends()
    const abort = new AbortController()
    const received = consumer.receive({ signal: abort.signal })
    const started = performance.now()
    await expect(consumer.receive({ timeoutMs: 20 })).rejects.toThrow(failsWith('IPC_TIMEOUT'))
    expect(performance.now() - started).toBeGreaterThan(18)
    abort.abort(new Error('never mind'))
    const error = await received.catch((reason) => reason)
    expect(error).toMatchObject({ code: 'IPC_ABORTED', cause: new Error('never mind') })
    producer.tryWrite(payload(1))
    await expect(consumer.receive({ signal: abort.signal })).rejects.toThrow(failsWith('IPC_ABORTED'))
    await expect(consumer.receive({ timeoutMs: -1 })).rejects.toThrow(RangeError)
    expect(await consumer.receive({ timeoutMs: 0 })).toEqual(payload(1))
    await expect(consumer.receive({ timeoutMs: 0 })).rejects.toThrow(failsWith('IPC_TIMEOUT'))
  })

  test('the time of a receive goes on while others take the records', async () => {
    const { producer, consumer } = ends()
    let isOver = false
    const taken = (async () => {
      while (!isOver) {
        await consumer.wait()
        consumer.tryReceive()
      }
    })()
    const writing = setInterval(() => producer.tryWrite(payload(1)), 2)
    const robbed = consumer.receive({ timeoutMs: 50 })
    await expect(robbed).rejects.toThrow(failsWith('IPC_TIMEOUT'))
    isOver = true
    await taken
    clearInterval(writing)
  })

  test('iteration gives all records, and ends when the region is closed', async () => {
    const { producer, consumer, there } = ends()
    for (let i = 0; i < 3; i++) producer.tryWrite(payload(5, i))
    const seen: Uint8Array[] = []
    const iterated = (async () => {
      for await (const record of consumer) seen.push(record)
    })()
    await parked(there)
    expect(seen).toEqual([0, 1, 2].map((i) => payload(5, i)))
    there.close()
    await iterated
  })

  test('iteration and write leave the event loop its turns, although they never wait', async () => {
    const { producer, consumer, here, there } = ends()
    setTimeout(() => there.close(), 5)
    producer.tryWrite(payload(1))
    let count = 0
    const mayGoOn = (): void => {
      if (++count > 1_000_000) throw new Error('the timer never came')
    }
    for await (const record of consumer) {
      mayGoOn()
      producer.tryWrite(record)
    }
    const other = make(here, 'other', { capacityBytes: CAPACITY_BYTES })
    const [from, to] = [other.producer(), other.consumer()]
    setTimeout(() => here.close(), 5)
    await expect(
      (async () => {
        for (count = 0; ; mayGoOn()) {
          await from.write(payload(1))
          to.read(() => {})
        }
      })(),
    ).rejects.toThrow(failsWith('IPC_CLOSED'))
  })

  test('write resolves at once while there is room', async () => {
    const { producer, consumer } = ends()
    await producer.write(payload(3), { kind: 4, timeoutMs: 0 })
    expect(readAll(consumer)).toEqual([[4, payload(3)]])
  })

  test('write waits for room, in the order of the calls', async () => {
    const { producer, consumer, here } = ends()
    const count = fillUp(producer)
    const settled: number[] = []
    const writes = [20, 21, 22].map((fill) =>
      producer.write(payload(100, fill), { kind: fill }).then(() => settled.push(fill)),
    )
    await parked(here)
    expect(settled).toEqual([])
    expect(readAll(consumer)).toHaveLength(count)
    await Promise.all(writes)
    expect(settled).toEqual([20, 21, 22])
    expect(readAll(consumer)).toEqual([20, 21, 22].map((fill) => [fill, payload(100, fill)]))
  })

  test('a write that comes while others wait goes behind them, although it would fit', async () => {
    const { producer, consumer, here } = ends()
    fillUp(producer)
    const large = producer.write(payload(200, 1))
    await parked(here)
    readAll(consumer)
    const small = producer.write(payload(1, 2))
    await Promise.all([large, small])
    expect(readAll(consumer).map(([, [fill]]) => fill)).toEqual([1, 2])
  })

  test('each waiting write ends by its own time and signal, and nothing of it is written', async () => {
    const { producer, consumer } = ends()
    const count = fillUp(producer)
    const abort = new AbortController()
    const first = producer.write(payload(100, 31))
    const second = producer.write(payload(100, 32), { timeoutMs: 20 })
    const third = producer.write(payload(100, 33), { signal: abort.signal })
    const fourth = producer.write(payload(100, 34))
    await expect(second).rejects.toThrow(failsWith('IPC_TIMEOUT'))
    abort.abort('never mind')
    await expect(third).rejects.toMatchObject({ code: 'IPC_ABORTED', cause: 'never mind' })
    expect(readAll(consumer)).toHaveLength(count)
    await Promise.all([first, fourth])
    expect(readAll(consumer).map(([, [fill]]) => fill)).toEqual([31, 34])
  })

  test('when all waiting writes have ended, the next one waits anew', async () => {
    const { producer, consumer, here } = ends()
    fillUp(producer)
    await expect(producer.write(payload(100), { timeoutMs: 1 })).rejects.toThrow(failsWith('IPC_TIMEOUT'))
    const abort = new AbortController()
    const aborted = producer.write(payload(100), { signal: abort.signal })
    abort.abort()
    // In the same turn as the end of the one before.
    const written = producer.write(payload(100, 77))
    await expect(aborted).rejects.toThrow(failsWith('IPC_ABORTED'))
    await parked(here)
    readAll(consumer)
    await written
    expect(readAll(consumer)).toEqual([[0, payload(100, 77)]])
  })

  test('write with an aborted signal or a wrong time writes nothing, although there is room', async () => {
    const { producer, consumer } = ends()
    await expect(producer.write(payload(1), { signal: AbortSignal.abort() })).rejects.toThrow(
      failsWith('IPC_ABORTED'),
    )
    for (const timeoutMs of [-1, Number.NaN]) {
      expect(() => producer.write(payload(1), { timeoutMs })).toThrow(RangeError)
      expect(() => producer.writeSync(payload(1), { timeoutMs })).toThrow(RangeError)
      expect(() => consumer.waitSync({ timeoutMs })).toThrow(RangeError)
    }
    expect(readAll(consumer)).toEqual([])
  })

  test('writeSync into a full ring gives up after its time, and writes nothing', () => {
    const { producer, consumer } = ends()
    const count = fillUp(producer)
    for (const strategy of ['spin', 'block'] as const) {
      const started = performance.now()
      expect(() => producer.writeSync(payload(100), { timeoutMs: 20, strategy })).toThrow(
        failsWith('IPC_TIMEOUT', /20 ms/),
      )
      expect(performance.now() - started).toBeGreaterThan(18)
    }
    expect(() => producer.writeSync(payload(100), { timeoutMs: 0 })).toThrow(failsWith('IPC_TIMEOUT'))
    expect(readAll(consumer)).toHaveLength(count)
    producer.writeSync(payload(100), { timeoutMs: 0, kind: 3 })
    expect(readAll(consumer)).toEqual([[3, payload(100)]])
  })

  test('waitSync gives up after its time', () => {
    const { consumer } = ends()
    const started = performance.now()
    expect(consumer.waitSync({ timeoutMs: 20 })).toBe(false)
    expect(performance.now() - started).toBeGreaterThan(18)
  })

  test('closing the region ends what waits with IPC_CLOSED', async () => {
    const { producer, consumer, here, there } = ends()
    const waits: Promise<unknown>[] = [consumer.receive(), consumer.wait()]
    fillUp(make(here, 'other', { capacityBytes: CAPACITY_BYTES }).producer())
    const full = make(here, 'other').producer()
    waits.push(full.write(payload(100)), full.write(payload(100)))
    await parked(here)
    here.close()
    there.close()
    for (const wait of waits) await expect(wait).rejects.toThrow(failsWith('IPC_CLOSED'))
    expect(producer.written).toBe(0)
  })

  test('a ring found corrupt while somebody waits ends the wait with IPC_PROTOCOL', async () => {
    const { producer, consumer, here, there } = ends()
    const received = consumer.receive()
    const refused = expect(received).rejects.toThrow(failsWith('IPC_PROTOCOL'))
    await parked(there)
    producer.tryWrite(payload(1))
    // The length of the record: before it, or in its entry behind the record area.
    const words = wordsOf(here)
    words[(FIRST_OBJECT + RING_CONTROL_BYTES) >> 2] = -1
    words[((FIRST_OBJECT + MPSC_CONTROL_BYTES + CAPACITY_BYTES) >> 2) + ENTRY_LENGTH] = -1
    await refused
    await expect(consumer.receive()).rejects.toThrow(failsWith('IPC_PROTOCOL'))
  })
})

test('aborting a claim wakes a consumer for what was committed behind it', async () => {
  const { here, there } = twoRegions('named region')
  const ring = mpscRing(here, 'ring', { capacityBytes: CAPACITY_BYTES })
  const slow = ring.producer()
  const received = mpscRing(there, 'ring').consumer().receive()
  slow.tryClaim(1)
  await parked(there)
  mpscRing(there, 'ring').producer().tryWrite(payload(1, 5))
  await parked(there)
  const any = (FIRST_OBJECT + RING_RECORDS_EVENT + EVENT_ANY) >> 2
  expect(Atomics.load(wordsOf(here), any)).toBe(1)
  slow.abort()
  expect(Atomics.load(wordsOf(here), any)).toBe(0)
  expect(await received).toEqual(payload(1, 5))
})

test('a write that waits for room ends when the room comes from aborted records', async () => {
  const { here, there } = twoRegions('named region')
  const ring = mpscRing(here, 'ring', { capacityBytes: CAPACITY_BYTES })
  const producer = ring.producer()
  while (producer.tryClaim(256) >= 0) producer.abort()
  const written = producer.write(payload(256, 8))
  await parked(here)
  expect(mpscRing(there, 'ring').consumer().tryReceive()).toBeUndefined()
  await written
})

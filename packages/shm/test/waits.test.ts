import { getEventListeners } from 'node:events'
import { bytes } from '@ipc/core'
import {
  type Consumer,
  type Region,
  type Ring,
  sharedValue,
  type Waitable,
  waitAny,
  waitAnySync,
} from '@ipc/shm'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { failsWith } from './fixtures/region-stage.js'
import { watchSleeps } from './fixtures/second-looks.js'
import { untilParked } from './fixtures/until-parked.js'
import { ringIn, WaitStage } from './fixtures/wait-stage.js'

const FAR_MS = 2 ** 31 + 1000

const stages = { process: new WaitStage('process'), thread: new WaitStage('thread') }
afterEach(async () => {
  for (const stage of Object.values(stages)) await stage.clear()
})
afterAll(async () => {
  for (const stage of Object.values(stages)) await stage.end()
})

describe.each(['process', 'thread'] as const)('waits in a region for a %s', (where) => {
  let region: Region
  let ring: Ring
  let consumer: Consumer
  beforeEach(() => {
    region = stages[where].region().region
    ring = ringIn(region)
    consumer = ring.consumer()
  })

  function write(value: number): void {
    ring.producer().tryWrite(Uint8Array.of(value))
  }

  test.each([0, 1, 5, FAR_MS, Number.POSITIVE_INFINITY])(
    'end at once when there is a record, whatever the time: %s ms',
    async (timeoutMs) => {
      write(1)
      await consumer.wait({ timeoutMs })
      expect(consumer.waitSync({ timeoutMs })).toBe(true)
      expect(await waitAny([consumer], { timeoutMs })).toBe(0)
      expect(waitAnySync([consumer], { timeoutMs })).toBe(0)
      expect(await consumer.receive({ timeoutMs })).toEqual(Uint8Array.of(1))
    },
  )

  test.each([0, 0.5, 20])('end after the time when nothing comes: %s ms', async (timeoutMs) => {
    for (const wait of [
      () => consumer.wait({ timeoutMs }),
      () => consumer.receive({ timeoutMs }),
      () => waitAny([consumer], { timeoutMs }),
    ]) {
      const start = performance.now()
      await expect(wait()).rejects.toThrow(failsWith('IPC_TIMEOUT'))
      // Timers of Node count whole milliseconds.
      expect(performance.now() - start).toBeGreaterThanOrEqual(timeoutMs - 1)
    }
    for (const strategy of ['block', 'spin'] as const) {
      const start = performance.now()
      expect(consumer.waitSync({ timeoutMs, strategy })).toBe(false)
      expect(waitAnySync([consumer], { timeoutMs, strategy })).toBe(-1)
      expect(performance.now() - start).toBeGreaterThanOrEqual(2 * timeoutMs - 1)
    }
  })

  test.each([Number.NaN, -1, -0.001, Number.NEGATIVE_INFINITY, '5', null])(
    'refuse a time that cannot be right, whether there is a record or not: %s',
    async (time) => {
      const timeoutMs = time as number
      for (const round of ['empty', 'full']) {
        if (round === 'full') write(1)
        await expect(consumer.wait({ timeoutMs })).rejects.toThrow(RangeError)
        await expect(waitAny([consumer], { timeoutMs })).rejects.toThrow(RangeError)
        expect(() => consumer.waitSync({ timeoutMs })).toThrow(RangeError)
        expect(() => waitAnySync([consumer], { timeoutMs })).toThrow(RangeError)
      }
      expect(consumer.tryReceive()).toEqual(Uint8Array.of(1))
    },
  )

  test('for longer than a timer can, go on until a record comes', async () => {
    const far = [FAR_MS, 1e300].map((timeoutMs) => consumer.wait({ timeoutMs }))
    await untilParked(region, 1)
    write(1)
    await Promise.all(far)
  })

  test('end when they are aborted, before and during, with the reason', async () => {
    const reason = new Error('enough')
    const signal = AbortSignal.abort(reason)
    write(1)
    for (const wait of [() => consumer.wait({ signal }), () => waitAny([consumer], { signal })]) {
      await expect(wait()).rejects.toThrow(failsWith('IPC_ABORTED'))
      await expect(wait()).rejects.toMatchObject({ cause: reason })
    }
    consumer.tryReceive()
    for (const wait of ['hot', 'parked']) {
      const controller = new AbortController()
      const options = { signal: controller.signal }
      const waits = [consumer.wait(options), consumer.receive(options), waitAny([consumer], options)]
      if (wait === 'parked') await untilParked(region, 1)
      controller.abort(reason)
      for (const settled of await Promise.allSettled(waits)) {
        expect(settled).toMatchObject({ status: 'rejected', reason: { code: 'IPC_ABORTED', cause: reason } })
      }
      expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    }
    write(2)
    expect(await consumer.receive()).toEqual(Uint8Array.of(2))
  })

  test('go on when another wait for the same ends before', async () => {
    const sleeps = watchSleeps(region)
    for (let round = 0; round < 10; round++) {
      const controller = new AbortController()
      const aborted = consumer.wait({ signal: controller.signal })
      const received = consumer.receive()
      await untilParked(region, 1)
      controller.abort()
      await expect(aborted).rejects.toThrow(failsWith('IPC_ABORTED'))
      await untilParked(region, 1)
      write(round)
      expect(await received).toEqual(Uint8Array.of(round))
    }
    expect(sleeps().lost).toBe(0)
  })

  test('end with IPC_CLOSED when the region is closed', async () => {
    const waits = [
      consumer.wait(),
      consumer.receive({ timeoutMs: FAR_MS }),
      waitAny([consumer], { signal: new AbortController().signal }),
    ]
    await untilParked(region, 1)
    region.close()
    for (const settled of await Promise.allSettled(waits)) {
      expect(settled).toMatchObject({ status: 'rejected', reason: { code: 'IPC_CLOSED' } })
    }
    await expect(consumer.wait()).rejects.toThrow(failsWith('IPC_CLOSED'))
    expect(() => consumer.waitSync()).toThrow(failsWith('IPC_CLOSED'))
    expect(() => waitAnySync([consumer])).toThrow(failsWith('IPC_CLOSED'))
  })

  test('that need not wait leave the event loop its turns', async () => {
    write(1)
    for (const wait of [() => consumer.wait(), () => waitAny([consumer])]) {
      let fired = false
      setTimeout(() => {
        fired = true
      }, 0)
      for (const end = performance.now() + 10_000; !fired && performance.now() < end; ) await wait()
      expect(fired).toBe(true)
    }
  })

  test('for a ring that is corrupt reject, and others go on', async () => {
    const other = ringIn(region, 'other')
    const waits = [consumer.wait(), other.consumer().receive()]
    waits[0]?.catch(() => {})
    await untilParked(region, 1)
    const producer = ring.producer()
    const at = producer.tryClaim(8)
    producer.commit()
    new DataView(producer.bytes.buffer, producer.bytes.byteOffset + at - 8).setInt32(0, 2 ** 30, true)
    await expect(waits[0]).rejects.toThrow(failsWith('IPC_PROTOCOL'))
    other.producer().tryWrite(Uint8Array.of(5))
    expect(await waits[1]).toEqual(Uint8Array.of(5))
    await expect(consumer.wait()).rejects.toThrow(failsWith('IPC_PROTOCOL'))
    expect(() => consumer.waitSync()).toThrow(failsWith('IPC_PROTOCOL'))
  })
})

describe('waitAny', () => {
  const rings = (region: Region, count: number): Ring[] =>
    Array.from({ length: count }, (_, index) => ringIn(region, `ring ${index}`))

  test('gives the first that has something, over rings and values of one region', async () => {
    const { region } = stages.process.region()
    const [one, two] = rings(region, 2) as [Ring, Ring]
    const value = sharedValue(region, 'value', { codec: bytes(), maxBytes: 8 })
    const waitables = [one.consumer(), value, two.consumer()] as const
    const wakeUps = [
      [0, () => one.producer().tryWrite(new Uint8Array(1)), () => waitables[0].tryReceive()],
      [1, () => value.set(Uint8Array.of(1)), () => value.get()],
      [2, () => two.producer().tryWrite(new Uint8Array(1)), () => waitables[2].tryReceive()],
    ] as const
    for (const [index, wake, take] of [...wakeUps, ...wakeUps]) {
      const any = waitAny(waitables)
      await untilParked(region, 1)
      wake()
      expect(await any).toBe(index)
      expect(waitAnySync(waitables)).toBe(index)
      take()
    }
    for (const [index, wake] of wakeUps.toReversed()) {
      wake()
      expect(await waitAny(waitables)).toBe(index)
    }
  })

  test('waits over regions, named ones and those of threads', async () => {
    const regions = [stages.process.region(), stages.thread.region(), stages.process.region()]
    const all = regions.map(({ region }) => ringIn(region))
    const consumers = all.map((ring) => ring.consumer())
    for (const index of [0, 1, 2, 1, 0]) {
      const any = waitAny(consumers, { timeoutMs: FAR_MS })
      for (const { region } of regions) await untilParked(region, 1)
      all[index]?.producer().tryWrite(Uint8Array.of(index))
      expect(await any).toBe(index)
      expect(consumers[index]?.tryReceive()).toEqual(Uint8Array.of(index))
    }
    await expect(waitAny(consumers, { timeoutMs: 5 })).rejects.toThrow(failsWith('IPC_TIMEOUT'))
  })

  test('rejects with IPC_CLOSED when one of the regions is closed, before or meanwhile, and with nothing else', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    const regions = [stages.process.region(), stages.process.region()].map(({ region }) => region)
    const consumers = regions.map((region) => ringIn(region).consumer())
    const any = waitAny(consumers)
    for (const region of regions) await untilParked(region, 1)
    regions[1]?.close()
    await expect(any).rejects.toThrow(failsWith('IPC_CLOSED'))
    await expect(waitAny(consumers)).rejects.toThrow(failsWith('IPC_CLOSED'))
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', unhandled)
    expect(unhandled).not.toHaveBeenCalled()
  })

  test('goes on when another task of this thread has taken what came', async () => {
    const { region } = stages.process.region()
    const ring = ringIn(region)
    const consumer = ring.consumer()
    const thief = consumer.wait().then(() => consumer.tryReceive())
    const any = waitAny([consumer])
    await untilParked(region, 1)
    ring.producer().tryWrite(Uint8Array.of(1))
    expect(await thief).toEqual(Uint8Array.of(1))
    await untilParked(region, 1)
    ring.producer().tryWrite(Uint8Array.of(2))
    expect(await any).toBe(0)
    expect(consumer.tryReceive()).toEqual(Uint8Array.of(2))
  })

  test('rejects with a TypeError what cannot be waited for', async () => {
    const { region } = stages.process.region()
    const ring = ringIn(region)
    for (const waitables of [[], [{ ready: true }], [ring.producer()], [undefined], [ring.consumer(), {}]]) {
      await expect(waitAny(waitables as Waitable[])).rejects.toThrow(TypeError)
      expect(() => waitAnySync(waitables as Waitable[])).toThrow(TypeError)
    }
  })

  test('blocks in one region only: waitAnySync over several is a TypeError', () => {
    const consumers = [stages.process.region(), stages.process.region()].map(({ region }) =>
      ringIn(region).consumer(),
    )
    expect(() => waitAnySync(consumers)).toThrow(TypeError)
    expect(waitAnySync([consumers[0], consumers[0]] as Consumer[], { timeoutMs: 0 })).toBe(-1)
  })

  test('with a signal that lives on leaves nothing on it', async () => {
    const { signal } = new AbortController()
    const regions = [stages.process.region(), stages.process.region()].map(({ region }) => region)
    const consumers = regions.map((region) => ringIn(region).consumer())
    for (let i = 0; i < 20; i++) {
      const any = waitAny(consumers, { signal })
      ringIn(regions[i % 2] as Region)
        .producer()
        .tryWrite(Uint8Array.of(i))
      expect(await any).toBe(i % 2)
      consumers[i % 2]?.tryReceive()
    }
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

import type { mutex } from '@ipc/shm'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { COUNT, LOG, LOGGED, WATCHDOG_MS, type Way } from './fixtures/lock-objects.js'
import { failsWith, LockStage, until } from './fixtures/lock-stage.js'
import { beginWithTicket, ticketQueueOf } from './fixtures/ticket-queue-of.js'

const stage = new LockStage()
afterEach(() => stage.clear())
afterAll(() => stage.end())

/** How often eight contenders have the mutex, all together. */
const TOTAL = 2000

/** No test of this thread blocks for longer. */
const limit = { timeoutMs: WATCHDOG_MS }

describe('mutual exclusion', () => {
  test('processes must not write the same place at once: without the mutex updates are lost, with it none', async () => {
    const times = 200_000
    const { place, words } = stage.named()
    const peers = await stage.processes(4, place)
    await Promise.all(peers.map((peer) => peer.call('incrementUnprotected', times, peers.length)))
    const lost = peers.length * times - words[COUNT]!
    console.log(
      `without a mutex: ${lost} of ${peers.length * times} updates lost by ${peers.length} processes`,
    )
    expect(lost).toBeGreaterThan(0)

    words[COUNT] = 0
    await Promise.all(peers.map((peer) => peer.call('increment', times / 40, ['sync'], peers.length)))
    expect(words[COUNT]).toBe((peers.length * times) / 40)
  })

  test('holds between processes that block, that wait in their event loops and that try', async () => {
    const { place, words } = stage.named()
    const peers = await stage.processes(4, place)
    const ways: Way[][] = [['sync'], ['async'], ['try', 'sync'], ['async', 'sync', 'try']]
    await Promise.all(peers.map((peer, index) => peer.call('increment', 1000, ways[index]!, peers.length)))
    expect(words[COUNT]).toBe(4000)
  })

  test('holds between threads', async () => {
    const { place, words, lock } = stage.shared()
    const peers = await stage.threads(3, place)
    const ways: Way[][] = [['sync'], ['async'], ['try', 'async', 'sync']]
    await Promise.all([
      ...peers.map((peer, index) => peer.call('increment', 2000, ways[index]!, peers.length)),
      (async () => {
        for (let i = 0; i < 2000; i++) {
          using _held = await lock.lock(limit)
          words[COUNT]! += 1
        }
      })(),
    ])
    expect(words[COUNT]).toBe(8000)
  })

  test.each([
    ['at first', 0],
    ['where tickets wrap', 2 ** 24 - 1000],
  ])('survives giving up at every moment, %s', async (_when, ticket) => {
    const { place, region, words, lock } = stage.named()
    beginWithTicket(region, 'mutex', 'lock', ticket)
    const peers = await stage.processes(4, place)
    const counts = await Promise.all(peers.map((peer, seed) => peer.call('lockAtRandom', 1500, seed, 4)))
    expect(words[COUNT]).toBe(counts.reduce((sum, count) => sum + count))
    expect(ticketQueueOf(region, 'mutex', 'lock').waiting).toBe(0)
    expect(lock.tryLock()).toBeDefined()
  })
})

describe('order', () => {
  test('contenders of several processes are served first come, first served', async () => {
    const { place, region, lock, words } = stage.named()
    const peers = await stage.processes(4, place)
    const queue = ticketQueueOf(region, 'mutex', 'lock')
    const asked: number[] = []
    for (let round = 0; round < 8; round++) {
      const held = await lock.lock(limit)
      const done: Promise<void>[] = []
      for (let place = 0; place < peers.length; place++) {
        const index = (round + 3 * place) % peers.length
        const way = (round + place) % 2 === 0 ? 'sync' : 'async'
        asked.push(index)
        done.push(peers[index]!.call('lockAndLog', way, index))
        await until(() => queue.waiting === place + 1, 'the next one queues')
      }
      held.unlock()
      await Promise.all(done)
    }
    expect([...words.subarray(LOG, LOG + words[LOGGED]!)]).toEqual(asked)
  })

  test('one that times out is passed over, and the others keep their places', async () => {
    const { place, region, lock, words } = stage.named()
    const peers = await stage.processes(4, place)
    const queue = ticketQueueOf(region, 'mutex', 'lock')
    const queued = (count: number) => until(() => queue.waiting === count, `${count} wait`)
    const held = await lock.lock(limit)
    const first = peers[0]!.call('lockAndLog', 'sync', 1)
    await queued(1)
    const late = [peers[1]!.call('tryFor', 'sync', 5), peers[2]!.call('tryFor', 'async', 5)]
    expect(await Promise.all(late)).toEqual(['IPC_TIMEOUT', 'IPC_TIMEOUT'])
    const second = peers[3]!.call('lockAndLog', 'async', 2)
    await queued(4)
    const third = peers[1]!.call('lockAndLog', 'sync', 3)
    await queued(5)
    held.unlock()
    await Promise.all([first, second, third])
    expect([...words.subarray(LOG, LOG + 3)]).toEqual([1, 2, 3])
  })

  test('200 tasks of one thread have it in their order, and each alone', async () => {
    const { lock } = stage.named()
    const order: number[] = []
    let inside = 0
    await Promise.all(
      Array.from({ length: 200 }, async (_, task) => {
        using _held = await lock.lock(limit)
        expect(++inside).toBe(1)
        order.push(task)
        if (task % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
        inside--
      }),
    )
    expect(order).toEqual(Array.from({ length: 200 }, (_, task) => task))
  })

  test('tasks of one thread get no more turns than another thread that waits', async () => {
    const { place, region, lock } = stage.named()
    const other = stage.open(place)
    const queue = ticketQueueOf(region, 'mutex', 'lock')
    const order: string[] = []
    const task = async (name: string, { lock }: { lock: ReturnType<typeof mutex> }): Promise<void> => {
      using _held = await lock.lock(limit)
      order.push(name)
    }
    const held = await lock.lock(limit)
    const tasks = [task('first 1', { lock }), task('first 2', { lock }), task('first 3', { lock })]
    await until(() => queue.waiting === 1, 'one ticket for all of them')
    tasks.push(task('other', other))
    held.unlock()
    await Promise.all(tasks)
    expect(order).toEqual(['first 1', 'other', 'first 2', 'first 3'])
  })

  test('eight processes that contend for it each get their share', async () => {
    const { place, region, lock } = stage.named()
    const peers = await stage.processes(8, place)
    const queue = ticketQueueOf(region, 'mutex', 'lock')
    const held = await lock.lock(limit)
    const contending = peers.map((peer) => peer.call('contend', TOTAL))
    // Whoever came before the others would have it all to itself for a while.
    await until(() => queue.waiting === peers.length, 'all contend')
    held.unlock()
    const shares = await Promise.all(contending)
    const us = (ms: number): string => (1000 * ms).toFixed(0)
    const shown = shares.map(({ count, min, median, max }) => `${count}: ${us(min)}/${us(median)}/${us(max)}`)
    console.log(`mutex, 8 contenders, count: wait min/median/max in us: ${shown.join(', ')}`)
    expect(shares.reduce((sum, { count }) => sum + count, 0)).toBe(TOTAL)
    // Who asks gets it after all others at the latest. Not always is that how it looks: a process may stand still before
    // it asks. So the counts differ much where the system lets one of them run less than others.
    for (const { before } of shares) expect(before).toBeLessThanOrEqual(peers.length - 1)
  }, 60_000)
})

describe('giving up', () => {
  test('lock rejects with IPC_TIMEOUT after the whole time, and is free for the next one', async () => {
    const { place, lock } = stage.named()
    const other = stage.open(place)
    const held = await lock.lock()
    await expect(other.lock.lock({ timeoutMs: 20 })).rejects.toMatchObject({
      code: 'IPC_TIMEOUT',
      message: 'lock timed out after 20 ms',
    })
    // One waits for its turn in this thread, the other one in the queue.
    const both = [30, 10].map((timeoutMs) =>
      expect(other.lock.lock({ timeoutMs })).rejects.toThrow(failsWith('IPC_TIMEOUT')),
    )
    await Promise.all(both)
    held.unlock()
    ;(await other.lock.lock({ timeoutMs: 0 })).unlock()
  })

  test('lockSync throws IPC_TIMEOUT when the time is over, at once for 0', () => {
    const { place, lock } = stage.named()
    const other = stage.open(place)
    const held = lock.lockSync()
    for (const timeoutMs of [0, 0.5, 5]) {
      expect(() => other.lock.lockSync({ timeoutMs })).toThrow(failsWith('IPC_TIMEOUT'))
      expect(() => other.lock.lockSync({ timeoutMs, strategy: 'spin' })).toThrow(failsWith('IPC_TIMEOUT'))
    }
    held.unlock()
    other.lock.lockSync({ timeoutMs: 0 }).unlock()
  })

  test('timeoutMs 0 succeeds whenever the mutex is free', async () => {
    const { lock } = stage.named()
    for (let i = 0; i < 2000; i++) (await lock.lock({ timeoutMs: 0 })).unlock()
  })

  test('refuses times that cannot be right, also when it is free', async () => {
    const { place, lock } = stage.named()
    const other = stage.open(place)
    for (const timeoutMs of [Number.NaN, -1, '5', null] as number[]) {
      await expect(lock.lock({ timeoutMs })).rejects.toThrow(RangeError)
      expect(() => lock.lockSync({ timeoutMs })).toThrow(RangeError)
      using _held = lock.lockSync()
      await expect(other.lock.lock({ timeoutMs })).rejects.toThrow(RangeError)
      expect(() => other.lock.lockSync({ timeoutMs })).toThrow(RangeError)
    }
    for (const timeoutMs of [Number.POSITIVE_INFINITY, 2 ** 40]) lock.lockSync({ timeoutMs }).unlock()
  })

  test('an abort signal ends the wait with its reason, wherever the task waits', async () => {
    const { place, lock } = stage.named()
    const other = stage.open(place)
    const held = await lock.lock()
    const controller = new AbortController()
    const { signal } = controller
    const waits = [other.lock.lock({ signal }), other.lock.lock({ signal }), lock.lock({ signal })]
    const patient = lock.lock(limit)
    controller.abort('enough')
    for (const result of await Promise.allSettled([...waits, lock.lock({ signal })])) {
      expect(result).toMatchObject({ reason: { code: 'IPC_ABORTED', cause: 'enough' } })
    }
    held.unlock()
    ;(await patient).unlock()
    ;(await other.lock.lock({ timeoutMs: 0 })).unlock()
  })

  test('an abort after the grant, before the task has gone on, passes the mutex on', async () => {
    const { place, lock } = stage.named()
    const other = stage.open(place)
    const held = await lock.lock()
    const controller = new AbortController()
    const wait = other.lock.lock({ signal: controller.signal })
    held.unlock()
    controller.abort()
    await expect(wait).rejects.toThrow(failsWith('IPC_ABORTED'))
    ;(await lock.lock(limit)).unlock()
  })

  test('more can have given up than there are slots', async () => {
    const { place, lock } = stage.named()
    const other = stage.open(place)
    const last = stage.open(place)
    const held = lock.lockSync()
    for (let i = 0; i < 300; i++) {
      expect(() => other.lock.lockSync({ timeoutMs: 0 })).toThrow(failsWith('IPC_TIMEOUT'))
    }
    const waiting = last.lock.lock(limit)
    held.unlock()
    ;(await waiting).unlock()
    expect(other.lock.tryLock()).toBeDefined()
  })
})

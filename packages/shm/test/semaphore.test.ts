import { semaphore } from '@ipc/shm'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { INSIDE, LOG, LOGGED, MOST_INSIDE, WATCHDOG_MS, type Way } from './fixtures/lock-objects.js'
import { failsWith, LockStage, until } from './fixtures/lock-stage.js'
import { beginWithTicket, lineOf } from './fixtures/ticket-queue-of.js'

const stage = new LockStage()
afterEach(() => stage.clear())
afterAll(() => stage.end())

const limit = { timeoutMs: WATCHDOG_MS }

describe('permits', () => {
  test('are counted: taken, given back and added', async () => {
    const { region } = stage.named()
    const permits = semaphore(region, 'permits', { permits: 3 })
    expect(permits.available).toBe(3)
    await permits.acquire()
    expect(permits.acquireSync()).toBe(true)
    expect(permits.tryAcquire()).toBe(true)
    expect(permits.available).toBe(0)
    expect(permits.tryAcquire()).toBe(false)
    expect(permits.acquireSync({ timeoutMs: 0 })).toBe(false)
    await expect(permits.acquire({ timeoutMs: 1 })).rejects.toMatchObject({
      code: 'IPC_TIMEOUT',
      message: 'acquire timed out after 1 ms',
    })
    permits.release(5)
    // Those that gave up hold nothing back.
    expect(permits.available).toBe(5)
    for (let i = 0; i < 5; i++) expect(permits.tryAcquire()).toBe(true)
    expect(permits.tryAcquire()).toBe(false)
  })

  test('may be more than there are slots, and none to begin with', async () => {
    const { region } = stage.named()
    const many = semaphore(region, 'many', { permits: 1000 })
    await Promise.all(Array.from({ length: 500 }, () => many.acquire(limit)))
    for (let i = 0; i < 500; i++) expect(many.tryAcquire()).toBe(true)
    expect(many.tryAcquire()).toBe(false)
    many.release(300)
    expect(many.available).toBe(300)
    const none = semaphore(region, 'none', { permits: 0 })
    expect(none.tryAcquire()).toBe(false)
    none.release()
    expect(none.tryAcquire()).toBe(true)
  })

  test('refuse numbers that cannot be right, and another number than they began with', () => {
    const { region } = stage.named()
    for (const permits of [-1, 1.5, Number.NaN, 2 ** 20 + 1, undefined as never]) {
      expect(() => semaphore(region, 'wrong', { permits })).toThrow(RangeError)
    }
    const permits = semaphore(region, 'permits', { permits: 1 })
    for (const count of [0, -1, 0.5, Number.NaN, 2 ** 20 + 1]) {
      expect(() => permits.release(count)).toThrow(RangeError)
    }
    expect(permits.available).toBe(1)
    expect(() => semaphore(region, 'permits', { permits: 2 })).toThrow(/permits 1, expected 2/)
    for (const timeoutMs of [Number.NaN, -1])
      expect(() => permits.acquireSync({ timeoutMs })).toThrow(RangeError)
  })

  test('beyond the most there may be are refused, and those that are there stay', () => {
    const { region } = stage.named()
    const full = semaphore(region, 'full', { permits: 2 ** 20 })
    expect(() => full.release()).toThrow(RangeError)
    expect(full.available).toBe(2 ** 20)
    expect(full.tryAcquire()).toBe(true)
    full.release()
    expect(() => full.release(2 ** 20)).toThrow(RangeError)
    expect(full.available).toBe(2 ** 20)
  })
})

describe('between processes', () => {
  test('no more are inside than there are permits, however they acquire', async () => {
    const { place, slots, words } = stage.named()
    const peers = await stage.processes(4, place)
    const ways: Way[][] = [['sync'], ['async'], ['try', 'sync'], ['async', 'try', 'sync']]
    await Promise.all(peers.map((peer, index) => peer.call('useSlots', 1000, ways[index]!, peers.length)))
    expect(words[MOST_INSIDE]).toBeGreaterThan(0)
    expect(words[MOST_INSIDE]).toBeLessThanOrEqual(2)
    expect(words[INSIDE]).toBe(0)
    expect(slots.available).toBe(2)
  })

  test.each([
    ['at first', 0],
    ['where tickets wrap', 2 ** 24 - 1000],
  ])('no permit is lost or made by giving up at every moment, %s', async (_when, ticket) => {
    const { place, region, slots } = stage.named()
    beginWithTicket(region, 'semaphore', 'slots', ticket)
    const peers = await stage.processes(4, place)
    const kept = await Promise.all(peers.map((peer, seed) => peer.call('acquireAtRandom', 1000, seed, 4)))
    const count = kept.reduce((sum, count) => sum + count)
    expect(slots.available).toBe(2 - count)
    if (count > 0) slots.release(count)
    expect(slots.available).toBe(2)
  })

  test('permits go to those who came first, also when several are released at once', async () => {
    const { place, region, slots, words } = stage.named()
    const peers = await stage.processes(4, place)
    const inLine = (): number => lineOf(region, 'slots')
    slots.acquireSync()
    slots.acquireSync()
    const waits: Promise<void>[] = []
    for (const [index, peer] of peers.entries()) {
      waits.push(peer.call('acquireAndLog', index % 2 === 0 ? 'sync' : 'async', index + 1))
      await until(() => inLine() === index + 1, 'the next one queues')
    }
    slots.release()
    await waits[0]
    expect([...words.subarray(LOG, LOG + words[LOGGED]!)]).toEqual([1])
    expect(inLine()).toBe(3)
    slots.release(2)
    await Promise.all([waits[1], waits[2]])
    expect(inLine()).toBe(1)
    expect(words[LOGGED]).toBe(3)
    slots.release(4)
    await waits[3]
    expect(slots.available).toBe(3)
  })
})

describe('acquire', () => {
  test('of 200 tasks of one thread succeeds in their order', async () => {
    const { region } = stage.named()
    const permits = semaphore(region, 'permits', { permits: 1 })
    const order: number[] = []
    const tasks = Array.from({ length: 200 }, async (_, task) => {
      await permits.acquire(limit)
      order.push(task)
      permits.release()
    })
    await Promise.all(tasks)
    expect(order).toEqual(Array.from({ length: 200 }, (_, task) => task))
    expect(permits.available).toBe(1)
  })

  test('is not overtaken by tryAcquire', async () => {
    const { place, region } = stage.named()
    const permits = semaphore(region, 'permits', { permits: 0 })
    const others = semaphore(stage.open(place).region, 'permits', { permits: 0 })
    const waits = [permits.acquire(limit), permits.acquire(limit)]
    permits.release()
    expect(permits.tryAcquire()).toBe(false)
    expect(others.tryAcquire()).toBe(false)
    await waits[0]
    others.release()
    await waits[1]
    permits.release()
    expect(others.tryAcquire()).toBe(true)
  })

  test('that is aborted takes no permit, also after the grant', async () => {
    const { region } = stage.named()
    const permits = semaphore(region, 'permits', { permits: 0 })
    const controller = new AbortController()
    const aborted = permits.acquire({ signal: controller.signal })
    permits.release()
    controller.abort()
    await expect(aborted).rejects.toThrow(failsWith('IPC_ABORTED'))
    await expect(permits.acquire({ signal: controller.signal })).rejects.toThrow(failsWith('IPC_ABORTED'))
    expect(permits.available).toBe(1)
    for (const timeoutMs of [Number.NaN, -1])
      await expect(permits.acquire({ timeoutMs })).rejects.toThrow(RangeError)
    await permits.acquire({ timeoutMs: 0 })
  })
})

describe.each(['named', 'shared'] as const)('closing a %s region', (kind) => {
  test('ends the waits with IPC_CLOSED, and no permit is lost', async () => {
    const { place, region, slots } = stage[kind]()
    const other = stage.open(place)
    await slots.acquire()
    await slots.acquire()
    const waits = [other.slots.acquire(limit), other.slots.acquire(limit)]
    await until(() => lineOf(region, 'slots') === 1, 'one waits in the queue')
    other.region.close()
    for (const result of await Promise.allSettled(waits)) {
      expect(result).toMatchObject({ reason: { code: 'IPC_CLOSED' } })
    }
    slots.release(2)
    expect(slots.available).toBe(2)
    const third = stage.open(place)
    const granted = third.slots.acquire(limit)
    third.region.close()
    await expect(granted).rejects.toThrow(failsWith('IPC_CLOSED'))
    expect(slots.available).toBe(2)
  })

  test('makes release throw IPC_CLOSED: the permit would go nowhere', async () => {
    const { region, slots } = stage[kind]()
    region.close()
    expect(() => slots.release()).toThrow(failsWith('IPC_CLOSED'))
    expect(() => slots.acquireSync()).toThrow(failsWith('IPC_CLOSED'))
    expect(() => slots.tryAcquire()).toThrow(failsWith('IPC_CLOSED'))
    await expect(slots.acquire()).rejects.toThrow(failsWith('IPC_CLOSED'))
  })
})

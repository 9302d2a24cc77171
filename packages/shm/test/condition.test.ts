import { condition, mutex } from '@ipc/shm'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { LOG, LOGGED, PUT, TAKEN, WATCHDOG_MS } from './fixtures/lock-objects.js'
import { failsWith, LockStage, until } from './fixtures/lock-stage.js'
import { beginWithTicket, grantQueueOf, ticketQueueOf } from './fixtures/ticket-queue-of.js'

const stage = new LockStage()
afterEach(() => stage.clear())
afterAll(() => stage.end())

const limit = { timeoutMs: WATCHDOG_MS }

describe('notify', () => {
  test('wakes who has waited longest, of several processes', async () => {
    const { place, region, changed, words } = stage.named()
    const peers = await stage.processes(4, place)
    const queue = ticketQueueOf(region, 'condition', 'changed')
    const waits: Promise<void>[] = []
    for (const [index, peer] of peers.entries()) {
      waits.push(peer.call('waitAndLog', index % 2 === 0 ? 'sync' : 'async', index))
      await until(() => queue.waiting === index + 1, 'the next one waits')
    }
    for (const [index, wait] of waits.entries()) {
      expect(words[LOGGED]).toBe(index)
      changed.notify()
      await wait
    }
    expect([...words.subarray(LOG, LOG + 4)]).toEqual([0, 1, 2, 3])
  })

  test('does nothing while nobody waits, and is not kept for who comes later', async () => {
    const { place, lock, changed } = stage.named()
    const other = stage.open(place)
    for (let i = 0; i < 300; i++) changed.notify()
    changed.notifyAll()
    const held = await lock.lock()
    await expect(changed.wait(lock, held, { timeoutMs: 5 })).rejects.toThrow(failsWith('IPC_TIMEOUT'))
    const waiting = changed.wait(lock, await lock.lock())
    other.changed.notify()
    ;(await waiting).unlock()
  })

  test('is not lost between the look at the state and the wait', async () => {
    const { place, lock, changed } = stage.named()
    const other = stage.open(place)
    const held = await lock.lock()
    const waiting = changed.wait(lock, held, limit)
    // The mutex is free by now, and the notification comes before anything waits in the event loop.
    const otherHeld = other.lock.tryLock()
    expect(otherHeld).toBeDefined()
    other.changed.notify()
    otherHeld?.unlock()
    ;(await waiting).unlock()
  })

  test('that comes for one who has given up goes to the next', async () => {
    const { place, region, lock, changed } = stage.named()
    const other = stage.open(place)
    const controller = new AbortController()
    const { signal } = controller
    const first = changed.wait(lock, await lock.lock(), { signal })
    const second = other.changed.wait(other.lock, await other.lock.lock(), limit)
    await until(() => ticketQueueOf(region, 'condition', 'changed').waiting === 2, 'both wait')
    changed.notify()
    controller.abort()
    await expect(first).rejects.toThrow(failsWith('IPC_ABORTED'))
    ;(await second).unlock()
  })

  test('that has come to one who then cannot hold the mutex again goes to the next', async () => {
    const { place, lock, changed } = stage.named()
    const other = stage.open(place)
    const third = stage.open(place)
    const controller = new AbortController()
    const first = changed.wait(lock, await lock.lock(), { signal: controller.signal })
    const second = other.changed.wait(other.lock, await other.lock.lock(), limit)
    const held = await third.lock.lock(limit)
    third.changed.notify()
    await until(() => ticketQueueOf(third.region, 'mutex', 'lock').waiting === 1, 'the first one is back')
    controller.abort()
    await expect(first).rejects.toThrow(failsWith('IPC_ABORTED'))
    held.unlock()
    ;(await second).unlock()
  })
})

describe('notifyAll', () => {
  test('wakes all that wait, and nobody who comes later', async () => {
    const { place, region, lock, changed, words } = stage.named()
    const peers = await stage.processes(4, place)
    const queue = ticketQueueOf(region, 'condition', 'changed')
    const waits = peers.map((peer, index) => peer.call('waitAndLog', index < 2 ? 'sync' : 'async', index))
    const own = Array.from({ length: 10 }, async () => changed.wait(lock, await lock.lock(limit), limit))
    await until(() => queue.waiting === 14, 'all wait')
    changed.notifyAll()
    for (const wait of own) (await wait).unlock()
    await Promise.all(waits)
    expect(words[LOGGED]).toBe(4)
    await expect(changed.wait(lock, await lock.lock(), { timeoutMs: 5 })).rejects.toThrow(
      failsWith('IPC_TIMEOUT'),
    )
  })
})

describe('wait', () => {
  test('lets go of the mutex meanwhile, and holds it again afterwards', async () => {
    const { place, lock, changed } = stage.named()
    const other = stage.open(place)
    const held = await lock.lock()
    const waiting = changed.wait(lock, held, limit)
    held.unlock()
    const otherHeld = await other.lock.lock(limit)
    other.changed.notify()
    otherHeld.unlock()
    const again = await waiting
    expect(other.lock.tryLock()).toBeUndefined()
    again.unlock()
    other.lock.tryLock()?.unlock()
  })

  test('that ends by time or signal does not hold the mutex', async () => {
    const { place, lock, changed } = stage.named()
    const other = stage.open(place)
    await expect(changed.wait(lock, await lock.lock(), { timeoutMs: 5 })).rejects.toMatchObject({
      code: 'IPC_TIMEOUT',
      message: 'wait timed out after 5 ms',
    })
    other.lock.lockSync({ timeoutMs: 0 }).unlock()
    const { signal } = { signal: AbortSignal.abort('late') }
    await expect(changed.wait(lock, await lock.lock(), { signal })).rejects.toMatchObject({
      code: 'IPC_ABORTED',
      cause: 'late',
    })
    other.lock.lockSync({ timeoutMs: 0 }).unlock()
  })

  test('refuses times that cannot be right, and holds the mutex still', async () => {
    const { place, region, lock, changed } = stage.named()
    const other = stage.open(place)
    const held = await lock.lock()
    for (const timeoutMs of [Number.NaN, -1]) {
      await expect(changed.wait(lock, held, { timeoutMs })).rejects.toThrow(RangeError)
      expect(() => changed.waitSync(lock, held, { timeoutMs })).toThrow(RangeError)
    }
    expect(other.lock.tryLock()).toBeUndefined()
    expect(ticketQueueOf(region, 'condition', 'changed').waiting).toBe(0)
    held.unlock()
    other.lock.tryLock()?.unlock()
  })

  test('can time out more often than there are slots, with one who waits all the time', async () => {
    const { place, lock, changed } = stage.named()
    const other = stage.open(place)
    const patient = other.changed.wait(other.lock, await other.lock.lock(), limit)
    for (let i = 0; i < 300; i++) {
      changed.waitSync(lock, await lock.lock(limit), { timeoutMs: 0 }).unlock()
    }
    changed.notify()
    ;(await patient).unlock()
  })

  test('of more than there are slots for ends without need, and holds the mutex again', async () => {
    const { place, lock, changed } = stage.named()
    const other = stage.open(place)
    const waits = Array.from({ length: 128 }, async () => changed.wait(lock, await lock.lock(limit), limit))
    let held = await lock.lock(limit)
    held = await changed.wait(lock, held, limit)
    held = changed.waitSync(lock, held, limit)
    expect(other.lock.tryLock()).toBeUndefined()
    await expect(changed.wait(lock, held, { timeoutMs: 0 })).rejects.toThrow(failsWith('IPC_TIMEOUT'))
    held = other.lock.lockSync({ timeoutMs: 0 })
    held = other.changed.waitSync(other.lock, held, { timeoutMs: 0 })
    other.changed.notifyAll()
    held.unlock()
    for (const wait of waits) (await wait).unlock()
  })

  test('ends without need while one that was notified has not come back for more rounds than there are slots', async () => {
    const { place, region, lock, changed } = stage.named()
    const other = stage.open(place)
    const slow = changed.wait(lock, await lock.lock(), limit).then((held) => held.unlock())
    let held = await other.lock.lock(limit)
    const queue = grantQueueOf(region, 'changed')
    queue.grant()
    // Others come and go meanwhile, until the next ticket would have its slot.
    for (let ticket = queue.take(100); ticket !== undefined; ticket = queue.take(100)) {
      queue.grant()
      queue.finish(ticket, 100)
    }
    held = other.changed.waitSync(other.lock, held, { timeoutMs: 1 })
    held = await other.changed.wait(other.lock, held, limit)
    held.unlock()
    await slow
  })
})

describe('waitSync', () => {
  test('holds the mutex again when the time is over', () => {
    const { place, lock, changed } = stage.named()
    const other = stage.open(place)
    let held = lock.lockSync()
    for (const timeoutMs of [0, 0.5, 5]) {
      held = changed.waitSync(lock, held, { timeoutMs })
      expect(other.lock.tryLock()).toBeUndefined()
    }
    held.unlock()
    other.lock.tryLock()?.unlock()
    expect(lock.tryLock()).toBeDefined()
  })
})

describe('waitSync while a task of this thread waits for the mutex', () => {
  test('throws a TypeError and holds the mutex still: that task would get it and could not go on', async () => {
    const { place, region, lock, changed } = stage.named()
    const other = stage.open(place)
    const held = await lock.lock()
    const waiting = mutex(region, 'lock').lock(limit)
    expect(() => changed.waitSync(lock, held, { timeoutMs: 100 })).toThrow(TypeError)
    expect(ticketQueueOf(region, 'mutex', 'lock').waiting).toBe(1)
    held.unlock()
    ;(await waiting).unlock()
    expect(other.lock.tryLock()).toBeDefined()
  })
})

describe('a bounded buffer', () => {
  test.each([
    ['between processes', 0, WATCHDOG_MS],
    ['where tickets wrap', 2 ** 24 - 500, WATCHDOG_MS],
    ['when every wait is short', 0, 0.2],
  ])('of 2 producers and 2 consumers loses and doubles nothing, %s', async (_when, ticket, timeoutMs) => {
    const { place, region, words } = stage.named()
    beginWithTicket(region, 'condition', 'changed', ticket)
    const peers = await stage.processes(4, place)
    const count = 1000
    const puts = [
      peers[0]!.call('put', 0, count, 'sync', timeoutMs),
      peers[1]!.call('put', count, count, 'async', timeoutMs),
    ]
    const takes = [
      peers[2]!.call('take', 2 * count, 'sync', timeoutMs),
      peers[3]!.call('take', 2 * count, 'async', timeoutMs),
    ]
    await Promise.all(puts)
    const taken = await Promise.all(takes)
    const numbers = Array.from({ length: 2 * count }, (_, number) => number)
    expect(taken.flat().sort((a, b) => a - b)).toEqual(numbers)
    for (const numbers of taken) {
      const first = numbers.filter((number) => number < count)
      expect(first).toEqual([...first].sort((a, b) => a - b))
    }
    expect(words[PUT]).toBe(2 * count)
    expect(words[TAKEN]).toBe(2 * count)
  })
})

describe.each(['named', 'shared'] as const)('closing a %s region', (kind) => {
  test('ends the waits there with IPC_CLOSED; a notification for one of them goes to the next', async () => {
    const { place, lock, changed } = stage[kind]()
    const other = stage.open(place)
    const closed = [0, 1].map(async () => other.changed.wait(other.lock, await other.lock.lock(limit), limit))
    await until(() => ticketQueueOf(other.region, 'condition', 'changed').waiting === 2, 'both wait')
    const waiting = changed.wait(lock, await lock.lock(limit), limit)
    const settled = Promise.allSettled(closed)
    changed.notify()
    other.region.close()
    for (const result of await settled) expect(result).toMatchObject({ reason: { code: 'IPC_CLOSED' } })
    ;(await waiting).unlock()
    lock.lockSync(limit).unlock()
  })

  test('makes notify throw IPC_CLOSED: it would reach nobody', () => {
    const { region, changed } = stage[kind]()
    region.close()
    expect(() => changed.notify()).toThrow(failsWith('IPC_CLOSED'))
    expect(() => changed.notifyAll()).toThrow(failsWith('IPC_CLOSED'))
    expect(() => condition(region, 'changed')).toThrow(failsWith('IPC_CLOSED'))
  })

  test('of the mutex alone ends a wait that was notified with IPC_CLOSED', async () => {
    const { changed } = stage[kind]()
    const locks = stage[kind]()
    const lock = mutex(locks.region, 'lock')
    const waiting = changed.wait(lock, await lock.lock(), limit)
    locks.region.close()
    changed.notify()
    await expect(waiting).rejects.toThrow(failsWith('IPC_CLOSED'))
  })
})

import { mutex } from '@ipc/shm'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { WATCHDOG_MS } from './fixtures/lock-objects.js'
import { failsWith, LockStage, until } from './fixtures/lock-stage.js'
import { ticketQueueOf } from './fixtures/ticket-queue-of.js'

const stage = new LockStage()
afterEach(() => stage.clear())
afterAll(() => stage.end())

const limit = { timeoutMs: WATCHDOG_MS }

describe('tryLock', () => {
  test('holds a free mutex, and returns undefined while somebody holds it', () => {
    const { place, lock } = stage.named()
    const other = stage.open(place)
    const held = lock.tryLock()
    expect(held).toBeDefined()
    expect(lock.tryLock()).toBeUndefined()
    expect(other.lock.tryLock()).toBeUndefined()
    held?.unlock()
    other.lock.tryLock()?.unlock()
    expect(lock.tryLock()).toBeDefined()
  })

  test('returns undefined while another one waits, even between the unlock and its turn', async () => {
    const { place, lock } = stage.named()
    const other = stage.open(place)
    const held = lock.lockSync()
    const waiting = other.lock.lock(limit)
    held.unlock()
    expect(lock.tryLock()).toBeUndefined()
    ;(await waiting).unlock()
    expect(lock.tryLock()).toBeDefined()
  })

  test('returns undefined when lock was called before, and has not waited yet', async () => {
    const { lock } = stage.named()
    const waiting = lock.lock(limit)
    expect(lock.tryLock()).toBeUndefined()
    const second = lock.lock(limit)
    const held = await waiting
    held.unlock()
    expect(lock.tryLock()).toBeUndefined()
    ;(await second).unlock()
  })
})

describe('unlock', () => {
  test('does nothing when called again, though another one holds the mutex by then', async () => {
    const { place, lock } = stage.named()
    const other = stage.open(place)
    const held = await lock.lock()
    held.unlock()
    held.unlock()
    using _other = await other.lock.lock()
    held.unlock()
    held[Symbol.dispose]()
    expect(lock.tryLock()).toBeUndefined()
  })

  test('happens at the end of a block with using, also when it throws', async () => {
    const { lock } = stage.named()
    {
      using _held = await lock.lock()
      expect(lock.tryLock()).toBeUndefined()
    }
    await expect(
      (async () => {
        using _held = lock.lockSync()
        throw new Error('inside')
      })(),
    ).rejects.toThrow('inside')
    expect(lock.tryLock()).toBeDefined()
  })
})

describe('lockSync', () => {
  test('throws a TypeError where this thread holds the mutex, by whatever handle', async () => {
    const { region, lock } = stage.named()
    using _held = await lock.lock()
    expect(() => lock.lockSync(limit)).toThrow(TypeError)
    expect(() => mutex(region, 'lock').lockSync(limit)).toThrow(TypeError)
  })

  test('throws a TypeError where a task of this thread waits for the mutex: it could not go on', async () => {
    const { place, region, lock } = stage.named()
    const other = stage.open(place)
    const held = await other.lock.lock()
    const waiting = lock.lock(limit)
    expect(() => mutex(region, 'lock').lockSync({ timeoutMs: 1000 })).toThrow(TypeError)
    held.unlock()
    expect(() => lock.lockSync({ timeoutMs: 1000 })).toThrow(TypeError)
    ;(await waiting).unlock()
    lock.lockSync(limit).unlock()
  })

  test('leaves no place in the queue behind when this thread must not block', () => {
    const { place, lock } = stage.shared()
    const held = stage.open(place).lock.lockSync()
    // As the main thread of a page does.
    const wait = vi.spyOn(Atomics, 'wait').mockImplementation(() => {
      throw new TypeError('Atomics.wait cannot be called in this context')
    })
    try {
      expect(() => lock.lockSync(limit)).toThrow(failsWith('IPC_NOT_SUPPORTED'))
    } finally {
      wait.mockRestore()
    }
    held.unlock()
    lock.lockSync(limit).unlock()
  })
})

describe('more contenders than slots', () => {
  test('200 handles of one thread hold it one after the other', async () => {
    const { region } = stage.named()
    let inside = 0
    let most = 0
    const holders = new Set<number>()
    await Promise.all(
      Array.from({ length: 200 }, async (_, contender) => {
        using _held = await mutex(region, 'lock').lock(limit)
        most = Math.max(most, ++inside)
        await new Promise((resolve) => setImmediate(resolve))
        inside--
        holders.add(contender)
      }),
    )
    expect(most).toBe(1)
    expect(holders.size).toBe(200)
  })

  test('one for whom there is no slot times out, throws at once for 0, and can be aborted', async () => {
    const { place, region } = stage.named()
    const other = stage.open(place)
    const held = await mutex(region, 'lock').lock()
    const waiting = Array.from({ length: 127 }, () => mutex(region, 'lock').lock(limit))
    await until(() => ticketQueueOf(region, 'mutex', 'lock').waiting === 127, 'all slots are taken')
    for (const timeoutMs of [0, 5]) {
      await expect(other.lock.lock({ timeoutMs })).rejects.toThrow(failsWith('IPC_TIMEOUT'))
      expect(() => other.lock.lockSync({ timeoutMs })).toThrow(failsWith('IPC_TIMEOUT'))
    }
    expect(other.lock.tryLock()).toBeUndefined()
    const controller = new AbortController()
    const aborted = other.lock.lock({ signal: controller.signal })
    controller.abort()
    await expect(aborted).rejects.toThrow(failsWith('IPC_ABORTED'))
    const late = other.lock.lock(limit)
    held.unlock()
    for (const wait of waiting) (await wait).unlock()
    ;(await late).unlock()
  })
})

describe.each(['named', 'shared'] as const)('closing a %s region', (kind) => {
  test('unlocks what is held, and a late unlock does nothing', async () => {
    const { place, region, lock } = stage[kind]()
    const other = stage.open(place)
    const stale = await other.lock.lock()
    const waiting = lock.lock(limit)
    await until(() => ticketQueueOf(region, 'mutex', 'lock').waiting === 1, 'it waits')
    other.region.close()
    const held = await waiting
    stale.unlock()
    expect(stage.open(place).lock.tryLock()).toBeUndefined()
    held.unlock()
    expect(stage.open(place).lock.tryLock()).toBeDefined()
  })

  test('rejects all that wait there with IPC_CLOSED, and those behind are served', async () => {
    const { place, lock } = stage[kind]()
    const other = stage.open(place)
    const last = stage.open(place)
    const held = await lock.lock()
    const closed = [other.lock.lock(limit), other.lock.lock(limit), mutex(other.region, 'lock').lock(limit)]
    const waiting = last.lock.lock(limit)
    const queue = ticketQueueOf(last.region, 'mutex', 'lock')
    await until(() => queue.waiting === 3, 'two of them and the last one wait in the queue')
    other.region.close()
    for (const result of await Promise.allSettled(closed)) {
      expect(result).toMatchObject({ reason: { code: 'IPC_CLOSED' } })
    }
    held.unlock()
    ;(await waiting).unlock()
    ;(await lock.lock(limit)).unlock()
  })

  test('between the grant and the moment the task goes on passes the mutex on', async () => {
    const { place, region, lock } = stage[kind]()
    const other = stage.open(place)
    const held = await lock.lock()
    const waiting = other.lock.lock(limit)
    await until(() => ticketQueueOf(region, 'mutex', 'lock').waiting === 1, 'it waits')
    held.unlock()
    other.region.close()
    await expect(waiting).rejects.toThrow(failsWith('IPC_CLOSED'))
    const third = stage.open(place)
    const granted = third.lock.lock(limit)
    third.region.close()
    await expect(granted).rejects.toThrow(failsWith('IPC_CLOSED'))
    lock.lockSync(limit).unlock()
  })

  test('makes every way to lock throw IPC_CLOSED', async () => {
    const { lock, region } = stage[kind]()
    region.close()
    await expect(lock.lock()).rejects.toThrow(failsWith('IPC_CLOSED'))
    expect(() => lock.lockSync()).toThrow(failsWith('IPC_CLOSED'))
    expect(() => lock.tryLock()).toThrow(failsWith('IPC_CLOSED'))
    expect(() => mutex(region, 'lock')).toThrow(failsWith('IPC_CLOSED'))
  })
})

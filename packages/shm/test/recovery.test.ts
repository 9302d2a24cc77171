import { readdirSync } from 'node:fs'
import type { HeldMutex, LostPeer } from '@ipc/shm'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { insideOf } from '../src/region/region.js'
import { failsWith } from './fixtures/lock-stage.js'
import { type Peer, startProcess } from './fixtures/peer.js'
import { stateOf, untilState } from './fixtures/process-state.js'
import {
  type functions,
  objectsAt,
  type RecoveryObjects,
  type RecoveryPlace,
  RING_BYTES,
} from './fixtures/recovery-program.js'
import { temporaryMemoryDirectory } from './fixtures/temporary-directory.js'
import { grantQueueOf, lineOf, ticketQueueOf } from './fixtures/ticket-queue-of.js'
import { participantsIn, until, untilBlocked, untilParked } from './fixtures/until-parked.js'

interface RecoveryPeer extends Peer<typeof functions> {
  readonly pid: number
}

const PROGRAM = new URL('./fixtures/recovery-program.ts', import.meta.url)
const limit = { timeoutMs: 20_000 }
const memory = temporaryMemoryDirectory()

let place: RecoveryPlace
let here: RecoveryObjects
const peers: RecoveryPeer[] = []
let names = 0

beforeEach(() => {
  place = { directory: memory.directory, name: `region-${names++}` }
  here = objectsAt(place)
})
afterEach(async () => {
  await Promise.all(peers.splice(0).map((peer) => peer.kill()))
  // Whoever is left cleans up after all others.
  insideOf(here.region).participants.census()
  here.region.close()
  expect(readdirSync(place.directory)).toEqual(
    Array.from({ length: names }, (_, i) => `region-${i}.region`).sort(),
  )
})
afterAll(() => memory.remove())

async function start(launcher: readonly string[] = []): Promise<RecoveryPeer> {
  const peer = await startProcess<typeof functions>(PROGRAM, launcher)
  const started = { ...peer, pid: await peer.call('open', place) }
  peers.push(started)
  return started
}

/** Look often enough who has died that whoever could be taken for dead was. */
function lookOften(): void {
  for (let look = 0; look < 100; look++) insideOf(here.region).self.look()
}

async function stop({ pid }: RecoveryPeer): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  await untilState(pid, 'T')
}

describe('an MPSC ring whose producer was killed between claim and commit', () => {
  test.each(['polls', 'parks', 'blocks'] as const)(
    'gives what others wrote to a consumer that %s',
    async (how) => {
      const [victim, other] = await Promise.all([start(), start()])
      const reading = how === 'blocks' ? await start() : undefined
      await victim.call('claim', 500, 1)
      await other.call('write', 2)
      const consumer = here.ring.consumer()
      const received =
        how === 'blocks'
          ? reading?.call('receiveSync')
          : how === 'parks'
            ? consumer.receive(limit)
            : undefined
      if (how === 'blocks') await untilBlocked(here.region, 1)
      if (how === 'parks') await untilParked(here.region, 1)
      await victim.kill()
      if (how === 'blocks') expect(await received).toBe(2)
      else if (how === 'parks') expect(await received).toEqual(Uint8Array.of(2))
      else {
        const seen: number[] = []
        await until(() => consumer.read((bytes, at) => seen.push(bytes[at] as number)) > 0, 'a record')
        expect(seen).toEqual([2])
      }
    },
  )

  test('goes on over several holes, of any length, also at the end of the ring', async () => {
    const consumer = here.ring.consumer()
    const producer = here.ring.producer()
    for (let lap = 0; lap < 3; lap++) {
      // Until the next claim needs padding.
      while ((consumer.consumed * 64) % RING_BYTES !== RING_BYTES - 128) {
        expect(producer.tryWrite(Uint8Array.of(0))).toBe(true)
        await consumer.receive(limit)
      }
      const victims = await Promise.all([start(), start(), start()])
      for (const [index, victim] of victims.entries()) await victim.call('claim', 1 + 300 * index, 99)
      expect(producer.tryWrite(Uint8Array.of(lap))).toBe(true)
      await Promise.all(victims.map((victim) => victim.kill()))
      expect(await consumer.receive(limit)).toEqual(Uint8Array.of(lap))
      expect(consumer.read(() => {})).toBe(0)
    }
  }, 60_000)

  test('waits for one that is stopped, and gives its record when it goes on', async () => {
    const [slow, other] = await Promise.all([start(), start()])
    await slow.call('claim', 10, 7)
    await stop(slow)
    await other.call('write', 8)
    const consumer = here.ring.consumer()
    for (let look = 0; look < 50; look++) {
      lookOften()
      expect(consumer.tryReceive()).toBeUndefined()
    }
    process.kill(slow.pid, 'SIGCONT')
    await slow.call('commit')
    expect(await consumer.receive(limit)).toEqual(new Uint8Array(10).fill(7))
    expect(await consumer.receive(limit)).toEqual(Uint8Array.of(8))
  })

  test('refuses one that lost its proof of life with IPC_FENCED, and is as it was', async () => {
    const [zombie, other] = await Promise.all([start(), start()])
    await zombie.call('claim', 10, 7)
    expect(await zombie.call('closeFilesOf', place)).toBe(1)
    await stop(zombie)
    await other.call('write', 8)
    const consumer = here.ring.consumer()
    expect(await consumer.receive(limit)).toEqual(Uint8Array.of(8))
    // The next record of another one will be where its own was.
    for (let number = 2; number < RING_BYTES / 64; number++) {
      await other.call('write', number)
      expect(await consumer.receive(limit)).toEqual(Uint8Array.of(number))
    }
    await other.call('claim', 64, 9)
    process.kill(zombie.pid, 'SIGCONT')
    await expect(zombie.call('commit')).rejects.toThrow(failsWith('IPC_FENCED'))
    await expect(zombie.call('write', 1)).rejects.toThrow(failsWith('IPC_FENCED'))
    await expect(zombie.call('lock')).rejects.toThrow(failsWith('IPC_FENCED'))
    await other.call('commit')
    expect(await consumer.receive(limit)).toEqual(new Uint8Array(64).fill(9))
    expect(consumer.tryReceive()).toBeUndefined()
    await zombie.call('close')
    await zombie.call('open', place)
    expect(await zombie.call('write', 5)).toBe(true)
    expect(await consumer.receive(limit)).toEqual(Uint8Array.of(5))
  })

  test('is as it was when one that lost its proof of life closes the region, its claim still open', async () => {
    const [zombie, other] = await Promise.all([start(), start()])
    await zombie.call('claim', 10, 7)
    await zombie.call('closeFilesOf', place)
    const consumer = here.ring.consumer()
    for (let number = 1; number < RING_BYTES / 64; number++) {
      await other.call('write', number)
      expect(await consumer.receive(limit)).toEqual(Uint8Array.of(number))
    }
    await other.call('claim', 64, 9)
    await zombie.call('close')
    await other.call('commit')
    expect(await consumer.receive(limit)).toEqual(new Uint8Array(64).fill(9))
  })
})

describe('a mutex whose holder was killed', () => {
  test.each(['lock', 'lockAsync'] as const)(
    'is told to the next one, which waits by %s, and to no other',
    async (way) => {
      const [holder, next, last] = await Promise.all([start(), start(), start()])
      expect(await holder.call('lock')).toBe(false)
      const recovered = next.call(way)
      const queue = ticketQueueOf(here.region, 'mutex', 'lock')
      await until(() => queue.waiting === 1, 'the next one waits')
      const third = last.call('lock')
      await until(() => queue.waiting === 2, 'the third one waits')
      await holder.kill()
      expect(await recovered).toBe(true)
      await next.call('unlock')
      expect(await third).toBe(false)
      await last.call('unlock')
    },
  )

  test('is told again when the one who was told is killed too', async () => {
    const [first, second] = await Promise.all([start(), start()])
    await first.call('lock')
    const told = second.call('lock')
    await first.kill()
    expect(await told).toBe(true)
    await second.kill()
    using held = await here.lock.lock(limit)
    expect(held.recovered).toBe(true)
  })

  test('can be had by one who only tries', async () => {
    const holder = await start()
    await holder.call('lock')
    expect(here.lock.tryLock()).toBeUndefined()
    await holder.kill()
    const tries: HeldMutex[] = []
    await until(() => tries.push(...[here.lock.tryLock() ?? []].flat()) > 0, 'it is free')
    expect(tries.map(({ recovered }) => recovered)).toEqual([true])
    tries[0]?.unlock()
    expect(here.lock.tryLock()?.recovered).toBe(false)
  })

  test('and of those killed while they waited none is in the way', async () => {
    const held = await here.lock.lock()
    const waiters = await Promise.all([start(), start(), start()])
    const queue = ticketQueueOf(here.region, 'mutex', 'lock')
    for (const waiter of waiters) {
      waiter.call('lock')
      await until(() => queue.waiting === waiters.indexOf(waiter) + 1, 'one more waits')
    }
    await Promise.all(waiters.slice(0, 2).map((waiter) => waiter.kill()))
    held.unlock()
    await until(() => queue.waiting === 0, 'the living one has it')
    await waiters[2]?.call('unlock')
    const again = await here.lock.lock(limit)
    expect(again.recovered).toBe(false)
    again.unlock()
  })

  test('is held by one that is stopped', async () => {
    const holder = await start()
    await holder.call('lock')
    await stop(holder)
    lookOften()
    await expect(here.lock.lock({ timeoutMs: 500 })).rejects.toThrow(failsWith('IPC_TIMEOUT'))
    process.kill(holder.pid, 'SIGCONT')
    await holder.call('unlock')
    expect((await here.lock.lock(limit)).recovered).toBe(false)
  })

  test('is not taken from a living process of another namespace of process ids, and is from a dead one', async () => {
    const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
    const holder = await start(['unshare', ...user, '--pid', '--fork', '--kill-child'])
    // Here another process has that id.
    expect(holder.pid).toBe(1)
    await holder.call('lock')
    lookOften()
    expect(here.lock.tryLock()).toBeUndefined()
    await holder.kill()
    expect((await here.lock.lock(limit)).recovered).toBe(true)
  })

  test('is free though the dead process is still there, as a zombie', async () => {
    // The shell becomes a program that never asks for its children.
    const holder = await start(['sh', '-c', '"$@" & exec sleep 60', 'sh'])
    await holder.call('lock')
    process.kill(holder.pid, 'SIGKILL')
    await untilState(holder.pid, 'Z')
    expect((await here.lock.lock(limit)).recovered).toBe(true)
    expect(stateOf(holder.pid)).toBe('Z')
  })

  test('refuses unlock with IPC_FENCED to a holder that lost its proof of life', async () => {
    const zombie = await start()
    await zombie.call('lock')
    await zombie.call('closeFilesOf', place)
    const held = await here.lock.lock(limit)
    expect(held.recovered).toBe(true)
    await expect(zombie.call('unlock')).rejects.toThrow(failsWith('IPC_FENCED'))
    expect(here.lock.tryLock()).toBeUndefined()
    held.unlock()
    expect(here.lock.tryLock()).toBeDefined()
  })
})

describe('other locks', () => {
  test('a notification of one that was killed goes to the next', async () => {
    const [victim, next] = await Promise.all([start(), start()])
    victim.call('waitNotified', 'sync')
    const queue = grantQueueOf(here.region, 'changed')
    await until(() => queue.waiting === 1, 'the first one waits')
    const notified = next.call('waitNotified', 'async')
    await until(() => queue.waiting === 2, 'the next one waits')
    await stop(victim)
    here.changed.notify()
    await victim.kill()
    await notified
  })

  test('one killed in the line for a permit holds up nobody', async () => {
    const [victim, next] = await Promise.all([start(), start()])
    expect(here.slots.tryAcquire()).toBe(true)
    victim.call('acquire')
    await until(() => lineOf(here.region, 'slots') === 1, 'the first one waits')
    const acquired = next.call('acquire')
    await until(() => lineOf(here.region, 'slots') === 2, 'the next one waits')
    await victim.kill()
    here.slots.release()
    await acquired
    expect(here.slots.available).toBe(0)
  })
})

describe('lives', () => {
  test('says of those who were killed or have left that they do not, and of one that stands still that it does', async () => {
    const [victim, orderly, still] = await Promise.all([start(), start(), start()])
    const names = await Promise.all([victim, orderly, still].map((peer) => peer.call('participant')))
    const living = (): boolean[] => names.map((name) => here.region.lives(name))
    expect(new Set([...names, here.region.participant]).size).toBe(4)
    expect(living()).toEqual([true, true, true])
    expect(here.region.lives(here.region.participant)).toBe(true)
    await stop(still)
    await Promise.all([victim.kill(), orderly.call('close')])
    expect(living()).toEqual([false, false, true])
    // Whoever comes next is not taken for one of them.
    const next = await start()
    expect(names).not.toContain(await next.call('participant'))
    expect(living()).toEqual([false, false, true])
  })
})

describe('onPeerLost', () => {
  test('tells the process of each that died, whoever cleaned up, and of nobody else', async () => {
    const told: LostPeer[] = []
    const end = here.region.onPeerLost((peer) => told.push(peer))
    const [victim, orderly, still, late] = await Promise.all([start(), start(), start(), start()])
    await stop(still)
    await orderly.call('close')
    await Promise.all([orderly.kill(), victim.kill()])
    // Somebody else looks too.
    await late.call('lock')
    await late.call('unlock')
    await until(() => told.length > 0, 'the first one is told')
    expect(told).toEqual([{ pid: victim.pid }])
    await late.kill()
    await until(() => told.length > 1, 'the second one is told')
    expect(told).toEqual([{ pid: victim.pid }, { pid: late.pid }])
    end()
    await still.kill()
    lookOften()
    expect(told.length).toBe(2)
    expect(participantsIn(here.region)).toBe(1)
  })

  test('refuses what is no function, and a closed region', () => {
    expect(() => here.region.onPeerLost(undefined as never)).toThrow(TypeError)
    here.region.close()
    expect(() => here.region.onPeerLost(() => {})).toThrow(failsWith('IPC_CLOSED'))
    here = objectsAt(place)
  })
})

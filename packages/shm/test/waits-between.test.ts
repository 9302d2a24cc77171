import { execFileSync } from 'node:child_process'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { untilState } from './fixtures/process-state.js'
import { participantsIn, untilBlocked, untilParked } from './fixtures/until-parked.js'
import { ringIn, WaitStage } from './fixtures/wait-stage.js'

const PATIENCE_MS = 20_000

describe.each(['process', 'thread'] as const)('a %s', (where) => {
  const stage = new WaitStage(where)
  afterEach(() => stage.clear())
  afterAll(() => stage.end())

  test('that waits in its event loop is woken by another one, both asleep, each time', async () => {
    const { region, place } = stage.region()
    const [waiter, other] = await stage.peers(2, place)
    const asleep = async (): Promise<void> => {
      await untilParked(region, 1)
      if (where === 'process') for (const peer of [waiter, other]) await untilState(await pid(peer), 'S')
    }
    for (let round = 0; round < 20; round++) {
      const received = waiter?.call('receive', 'ring', { timeoutMs: PATIENCE_MS })
      await asleep()
      await other?.call('write', 'ring', round)
      expect(await received).toBe(round)
    }
  })

  test('that blocks is woken by another one, each time', async () => {
    const { region, place } = stage.region()
    const [waiter, other] = await stage.peers(2, place)
    const process = await pid(waiter)
    for (let round = 0; round < 20; round++) {
      const received = waiter?.call('receiveSync', 'ring', { timeoutMs: PATIENCE_MS })
      await untilBlocked(region, 1)
      if (where === 'process') await untilState(process, 'S')
      await other?.call('write', 'ring', round)
      expect(await received).toBe(round)
    }
  })

  test.each([2 ** 31 + 1000, 1e300, Number.POSITIVE_INFINITY])(
    'that blocks for very long is woken before: %s ms',
    async (timeoutMs) => {
      const { region, place } = stage.region()
      const peer = await stage.peer(place)
      for (const strategy of ['block', 'spin'] as const) {
        const received = peer.call('receiveSync', 'ring', { timeoutMs, strategy })
        await untilBlocked(region, 1)
        ringIn(region).producer().tryWrite(Uint8Array.of(1))
        expect(await received).toBe(1)
      }
    },
  )

  test('that blocks on several rings is woken by the last of them', async () => {
    const { region, place } = stage.region()
    const peer = await stage.peer(place)
    const names = ['a', 'b', 'c']
    const received = peer.call('receiveAnySync', names, { timeoutMs: PATIENCE_MS })
    await untilBlocked(region, 1)
    ringIn(region, 'c').producer().tryWrite(Uint8Array.of(1))
    expect(await received).toBe(2)
    expect(await peer.call('receiveAnySync', ['a', 'b'], { timeoutMs: 1 })).toBe(-1)
    expect(await peer.call('receiveAny', names)).toBe(2)
  })

  test('that waits in its event loop also wakes when it was blocked in between', async () => {
    const { region, place } = stage.region()
    const peer = await stage.peer(place)
    const received = peer.call('receive', 'async', { timeoutMs: PATIENCE_MS })
    await untilParked(region, 1)
    const blocked = peer.call('receiveSync', 'sync', { timeoutMs: PATIENCE_MS })
    await untilBlocked(region, 1)
    // While it blocks for something else.
    ringIn(region, 'async').producer().tryWrite(Uint8Array.of(1))
    await untilBlocked(region, 1)
    ringIn(region, 'sync').producer().tryWrite(Uint8Array.of(2))
    expect(await Promise.all([received, blocked])).toEqual([1, 2])
    const again = peer.call('receive', 'async', { timeoutMs: PATIENCE_MS })
    await untilParked(region, 1)
    expect(await peer.call('receiveSync', 'sync', { timeoutMs: 5 })).toBeUndefined()
    await untilParked(region, 1)
    ringIn(region, 'async').producer().tryWrite(Uint8Array.of(3))
    expect(await again).toBe(3)
  })

  test('stays as long as it waits, and ends when nothing waits, though its region is open', async () => {
    const { region, place } = stage.region()
    const peer = await stage.lonePeer(place)
    const [received, second] = [0, 1].map(() => peer.call('receive', 'ring', { timeoutMs: PATIENCE_MS }))
    await untilParked(region, 1)
    // From here on only what it waits for keeps it alive.
    await peer.call('unref')
    for (const [value, wait] of [received, second].entries()) {
      await untilParked(region, 1)
      ringIn(region).producer().tryWrite(Uint8Array.of(value))
      expect(await wait).toBe(value)
    }
    await expect(peer.call('never')).rejects.toThrow('the program ended: 0')
  })

  test('ends when its region is closed, whatever waits', async () => {
    const { region, place } = stage.region()
    const peer = await stage.lonePeer(place)
    const waits = [
      peer.call('receive', 'a'),
      peer.call('receive', 'b', { timeoutMs: 2 ** 31 + 1000 }),
      peer.call('receive', 'c', { timeoutMs: PATIENCE_MS }),
    ]
    await untilParked(region, 1)
    await peer.call('unref')
    await peer.call('close')
    expect(await Promise.all(waits)).toEqual(['IPC_CLOSED', 'IPC_CLOSED', 'IPC_CLOSED'])
    await expect(peer.call('never')).rejects.toThrow('the program ended: 0')
    expect(participantsIn(region)).toBe(0)
  })

  test('that sleeps finds by itself what another one wrote who was killed before it rang', async () => {
    const { region, place } = stage.region()
    const [blocker] = await stage.peers(1, place)
    const [waiter, other] = await Promise.all([stage.lonePeer(place), stage.lonePeer(place)])
    await waiter.call('hastenSecondLooks')
    const received = waiter.call('receive', 'ring', { timeoutMs: PATIENCE_MS })
    const blocked = blocker?.call('receiveSync', 'other', { timeoutMs: PATIENCE_MS })
    await untilParked(region, 1)
    await untilBlocked(region, 1)
    await other.call('writeSilently', 'ring', 1)
    await other.call('writeSilently', 'other', 2)
    await other.kill()
    expect(await Promise.all([received, blocked])).toEqual([1, 2])
  })

  test('that is killed while it waits, either way, does not disturb others', async () => {
    const { region, place } = stage.region()
    const [other] = await stage.peers(1, place)
    const [async, sync] = await Promise.all([stage.lonePeer(place), stage.lonePeer(place)])
    async.call('receive', 'ring')
    await untilParked(region, 1)
    await async.kill()
    ringIn(region).producer().tryWrite(Uint8Array.of(1))
    sync.call('receiveSync', 'empty')
    await untilBlocked(region, 1)
    await sync.kill()
    ringIn(region, 'empty').producer().tryWrite(Uint8Array.of(2))
    for (let round = 0; round < 3; round++) {
      for (const [ring, value] of [
        ['ring', 1],
        ['empty', 2],
      ] as const) {
        expect(await other?.call('receive', ring, { timeoutMs: PATIENCE_MS })).toBe(value)
        ringIn(region, ring).producer().tryWrite(Uint8Array.of(value))
      }
    }
  })
})

describe('a process without a free thread in its pool', () => {
  const stage = new WaitStage('process')
  afterEach(() => stage.clear())
  afterAll(() => stage.end())

  test('is woken all the same, and can be told to end', async () => {
    const { region, place } = stage.region()
    const peer = await stage.lonePeer(place, ['env', 'UV_THREADPOOL_SIZE=2'])
    const pipe = `${stage.directory}/pipe`
    execFileSync('mkfifo', [pipe])
    await peer.call('useUpThreadPool', pipe, 2)
    for (let round = 0; round < 5; round++) {
      const received = peer.call('receive', 'ring', { timeoutMs: PATIENCE_MS })
      await untilParked(region, 1)
      ringIn(region).producer().tryWrite(Uint8Array.of(round))
      expect(await received).toBe(round)
      const blocked = peer.call('receiveSync', 'ring', { timeoutMs: PATIENCE_MS })
      await untilBlocked(region, 1)
      ringIn(region).producer().tryWrite(Uint8Array.of(round))
      expect(await blocked).toBe(round)
    }
    // It was used up indeed.
    expect(await peer.call('poolReads', '/dev/null', 300)).toBe(false)
    await peer.kill()
    execFileSync('rm', [pipe])
  })
})

describe('a process with a worker that blocks', () => {
  const stage = new WaitStage('process')
  afterEach(() => stage.clear())
  afterAll(() => stage.end())

  test('can exit', async () => {
    const { region, place } = stage.region()
    const peer = await stage.lonePeer(place)
    const ended = expect(peer.call('never')).rejects.toThrow('the program ended: 7')
    await peer.call('exitWhileWorkerBlocks', place, 7)
    await untilBlocked(region, 1)
    ringIn(region, 'exit').producer().tryWrite(Uint8Array.of(1))
    await ended
  })
})

async function pid(peer: { call(name: 'pid'): Promise<number> } | undefined): Promise<number> {
  return (await peer?.call('pid')) ?? -1
}

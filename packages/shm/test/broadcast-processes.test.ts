import { type BroadcastConsumerOptions, broadcastRing } from '@ipc/shm'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { MAX_READERS } from '../src/ring/broadcast-layout.js'
import { payload } from './fixtures/ring-cases.js'
import type { Consuming, Producing } from './fixtures/ring-roles.js'
import { RingStage } from './fixtures/ring-stage.js'
import { blocked, parked } from './fixtures/two-regions.js'

const COUNT = 40_000
const CAPACITY_BYTES = 16_384
const WAITING: BroadcastConsumerOptions = { overflow: 'wait' }
const DROPPING: BroadcastConsumerOptions = { overflow: 'drop-oldest' }

interface Reader {
  readonly options: BroadcastConsumerOptions
  readonly how: Consuming['how']
  readonly spins?: number
}

const READERS: Readonly<Record<string, readonly Reader[]>> = {
  'that hold the producer back': [
    { options: WAITING, how: 'waitSync' },
    { options: WAITING, how: 'wait' },
    { options: WAITING, how: 'iterate', spins: 200 },
  ],
  'that lose what they are too slow for': [
    { options: DROPPING, how: 'waitSync' },
    { options: DROPPING, how: 'wait', spins: 2_000 },
    { options: DROPPING, how: 'receive', spins: 20_000 },
  ],
  'of both kinds': [
    { options: WAITING, how: 'wait' },
    { options: DROPPING, how: 'waitSync', spins: 2_000 },
    { options: DROPPING, how: 'iterate' },
  ],
}
const CASES = Object.entries(READERS).flatMap(([kind, readers]) =>
  (['writeSync', 'write', 'stage'] as const).map((how) => ({ kind, readers, how })),
)

describe.each(['process', 'thread'] as const)('broadcastRing from one %s to three', (where) => {
  const stage = new RingStage(where)
  afterEach(() => stage.clear())
  afterAll(() => stage.end())

  test.each(CASES)(
    'readers $kind get all records of $how, whole and in order, or count them as lost',
    async ({ readers, how }) => {
      const place = stage.place(CAPACITY_BYTES)
      const [writer, ...others] = await stage.peers(1 + readers.length)
      await Promise.all(others.map((peer, i) => peer.call('subscribe', place, readers[i]?.options ?? {})))
      const followed = others.map((peer, i) => {
        const { how, spins = 0 } = readers[i] as Reader
        return peer.call('follow', { producers: 1, how, spins, mayLose: true })
      })
      const producing: Producing = { id: 0, how, count: COUNT }
      expect(await writer?.call('publish', place, producing)).toBe(COUNT)
      for (const [i, { received, announced, lost }] of (await Promise.all(followed)).entries()) {
        expect(announced).toEqual([COUNT])
        expect((received[0] as number) + lost).toBe(COUNT)
        if (readers[i]?.options === WAITING) expect(lost).toBe(0)
      }
    },
    60_000,
  )
})

describe('broadcastRing whose consumer is killed', () => {
  const stage = new RingStage('process')
  afterEach(() => stage.clear())
  afterAll(() => stage.end())

  test('SIGKILL of a consumer that holds the producer back frees one that waits in its event loop', async () => {
    const place = stage.place(1024)
    const [victim] = await stage.peers(1)
    if (victim === undefined) throw new Error('nobody')
    await victim.call('subscribe', place, WAITING)
    const producer = broadcastRing(stage.region, 'ring').producer()
    while (producer.tryWrite(payload(100))) {}
    const written = producer.write(payload(100))
    await parked(stage.region)
    await stage.kill(victim)
    await written
  }, 60_000)

  test('SIGKILL of a consumer that holds the producer back frees a thread that is blocked', async () => {
    const place = stage.place(2048)
    const [victim, writer] = await stage.peers(2)
    if (victim === undefined || writer === undefined) throw new Error('nobody')
    await victim.call('subscribe', place, WAITING)
    const written = writer.call('publish', place, { id: 0, how: 'writeSync', count: 100 })
    await blocked(stage.region)
    await stage.kill(victim)
    expect(await written).toBe(100)
  }, 60_000)

  test('the places of consumers that were killed are free again, although the producer does nothing', async () => {
    const place = stage.place(1024)
    const [victim] = await stage.peers(1)
    if (victim === undefined) throw new Error('nobody')
    await victim.call('subscribe', place, WAITING, MAX_READERS)
    const ring = broadcastRing(stage.region, 'ring')
    expect(() => ring.consumer(WAITING)).toThrow('at most 32 readers')
    await stage.kill(victim)
    const reader = ring.consumer(WAITING)
    ring.producer().tryWrite(payload(3))
    expect(reader.tryReceive()).toEqual(payload(3))
  }, 60_000)
})

import { afterAll, afterEach, describe, expect, test } from 'vitest'
import type { Consuming, Producing } from './fixtures/ring-roles.js'
import { RingStage } from './fixtures/ring-stage.js'

const PRODUCERS = 4
const COUNT = 10_000
const CAPACITY_BYTES = 16_384

/** Each producer writes so many records; whoever reads checks every byte of them and their order. */
async function run(stage: RingStage, produce: Producing['how'], consume: Consuming['how']): Promise<void> {
  const place = stage.place(CAPACITY_BYTES)
  const [consumer, ...producers] = await stage.peers(1 + PRODUCERS)
  const consumed = consumer?.call('consume', place, { producers: PRODUCERS, how: consume })
  const written = producers.map((peer, id) => peer.call('produce', place, { id, how: produce, count: COUNT }))
  const all = new Array(PRODUCERS).fill(COUNT)
  expect(await Promise.all(written)).toEqual(all)
  expect(await consumed).toMatchObject({ received: all, announced: all })
}

describe('mpscRing between four producer processes and one consumer process', () => {
  const stage = new RingStage('process')
  afterEach(() => stage.clear())
  afterAll(() => stage.end())

  test.each<[Producing['how'], Consuming['how']]>([
    ['writeSync', 'waitSync'],
    ['write', 'wait'],
    ['stage', 'receive'],
    ['write', 'iterate'],
  ])(
    'all records of %s arrive at %s whole, once, in the order of each producer',
    async (produce, consume) => {
      await run(stage, produce, consume)
    },
    60_000,
  )
})

describe('mpscRing between four producer threads and one consumer thread', () => {
  const stage = new RingStage('thread')
  afterEach(() => stage.clear())
  afterAll(() => stage.end())

  test.each<[Producing['how'], Consuming['how']]>([
    ['writeSync', 'waitSync'],
    ['write', 'iterate'],
    ['stage', 'wait'],
  ])(
    'all records of %s arrive at %s whole, once, in the order of each producer',
    async (produce, consume) => {
      await run(stage, produce, consume)
    },
    60_000,
  )
})

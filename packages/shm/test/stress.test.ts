import { afterAll, afterEach, describe, test } from 'vitest'
import { RingStage } from './fixtures/ring-stage.js'
import { stressBroadcastRing, stressQueueRing } from './stress/ring-stress.js'

/** `pnpm test:stress` does the same for longer. */
const SECONDS = 1

describe('processes at one ring', () => {
  const stage = new RingStage('process')
  afterEach(() => stage.clear())
  afterAll(() => stage.end())

  test('spscRing: nothing is lost or repeated', async () => {
    await stressQueueRing(stage, 'spscRing', 1, SECONDS)
  }, 60_000)

  test('mpscRing: nothing of eight producers is lost or repeated', async () => {
    await stressQueueRing(stage, 'mpscRing', 8, SECONDS)
  }, 60_000)

  test('broadcastRing: eight readers lose just what they say they have lost', async () => {
    await stressBroadcastRing(stage, SECONDS, false)
  }, 60_000)

  test('broadcastRing: readers that hold the writer back lose nothing', async () => {
    await stressBroadcastRing(stage, SECONDS, true)
  }, 60_000)
})

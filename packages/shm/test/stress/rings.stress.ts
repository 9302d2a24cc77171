import { afterAll, afterEach, describe, test } from 'vitest'
import { RingStage } from '../fixtures/ring-stage.js'
import { type Moved, stressBroadcastRing, stressQueueRing } from './ring-stress.js'

const SECONDS = Number(process.env.STRESS_SECONDS ?? 60)
/** The work itself, and as much again for a machine that does something else beside it. */
const WATCHDOG_MS = 2 * SECONDS * 1000 + 120_000

function report(what: string, { written, received, lost }: Moved): void {
  console.log(`${what}: ${written} written, ${received} received, ${lost} lost`)
}

describe(`rings, for ${SECONDS} s`, () => {
  const stage = new RingStage('process')
  afterEach(() => stage.clear())
  afterAll(() => stage.end())

  test(
    'spscRing: 1 producer, 1 consumer',
    async () => {
      report('spscRing', await stressQueueRing(stage, 'spscRing', 1, SECONDS))
    },
    WATCHDOG_MS,
  )

  test(
    'mpscRing: 8 producers, 1 consumer',
    async () => {
      report('mpscRing', await stressQueueRing(stage, 'mpscRing', 8, SECONDS))
    },
    WATCHDOG_MS,
  )

  test(
    'broadcastRing: 1 writer, 8 readers that it does not wait for',
    async () => {
      report('broadcastRing', await stressBroadcastRing(stage, SECONDS, false))
    },
    WATCHDOG_MS,
  )

  test(
    'broadcastRing: 1 writer, 8 readers of which 4 hold it back',
    async () => {
      report('broadcastRing, holding', await stressBroadcastRing(stage, SECONDS, true))
    },
    WATCHDOG_MS,
  )
})

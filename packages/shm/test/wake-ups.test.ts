import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { ringIn, WaitStage } from './fixtures/wait-stage.js'

const SECONDS = 1

const seed = Date.now() % 1_000_000

describe.each(['process', 'thread'] as const)(
  'between one %s that writes and another that reads',
  (where) => {
    const stage = new WaitStage(where)
    afterEach(() => stage.clear())
    afterAll(() => stage.end())

    test.each([
      ['async', 'async'],
      ['async', 'sync'],
      ['sync', 'async'],
      ['sync', 'sync'],
    ] as const)(
      'no wake-up is lost, whenever one of them pauses: writing %s, reading %s',
      async (write, read) => {
        const { region, place } = stage.region()
        ringIn(region)
        const [producer, consumer] = await stage.peers(2, place)
        const [written, received] = await Promise.all([
          producer?.call('produce', 'ring', { how: write, seconds: SECONDS, seed }),
          consumer?.call('consume', 'ring', { how: read, seconds: SECONDS, seed: seed + 1 }),
        ])
        const context = `seed ${seed}: ${JSON.stringify({ written, received })}`
        console.log(`wake-ups, ${where}, writing ${write}, reading ${read}: ${context}`)
        expect(received?.records, context).toBe(written?.records)
        expect([written?.lost, received?.lost], context).toEqual([0, 0])
        // They did sleep.
        expect(written?.sleeps, context).toBeGreaterThan(10)
        expect(received?.sleeps, context).toBeGreaterThan(10)
      },
      60_000,
    )
  },
)

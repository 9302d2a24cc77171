import { test } from 'vitest'
import type { Pair, PairOptions, TransportHarness } from './harness.js'

/** The part of a harness that tests of a pair need. */
export type PairHarness = Pick<TransportHarness<never>, 'capabilities' | 'open' | 'values'>

/** Define a test that gets a fresh pair, which is disposed of whatever happens. */
export function pairTest(
  harness: PairHarness,
  name: string,
  run: (pair: Pair) => Promise<void>,
  options: PairOptions = {},
): void {
  test(name, async () => {
    const pair = await harness.open(options)
    try {
      await run(pair)
    } finally {
      await pair.dispose()
    }
  })
}

import { test } from 'vitest'
import type { Pair, PairOptions, TransportHarness } from './harness.js'

/** A harness, whatever its addresses are. */
export type PairHarness = Omit<TransportHarness<unknown>, 'endpoint'> & {
  endpoint?(): Promise<unknown>
}

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

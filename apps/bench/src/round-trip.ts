import { type Figure, WARM_UP_SECONDS } from './bench-case.js'
import type { NearPlace } from './pair/pair.js'
import { median, percentile } from './statistics.js'

/** How messages go there and back. */
export interface RoundTripShape {
  /** One in so many is timed: looking at the clock takes as long as part of a fast round trip. */
  readonly timedEvery: number
  /** Rest before each round trip, so that both sides sleep. */
  readonly pauseMs: number
}

/** Bytes of the messages that go there and back. */
export const TRIP_BYTES = 64

const MAX_SAMPLES = 2 ** 21

/**
 * Measure round trips: `trip` sends a message of that number and has seen the answer. The warm-up is without rest, or
 * there would be no machine code yet.
 */
export function measureTrips(
  { seconds }: NearPlace,
  shape: RoundTripShape,
  trip: (number: number) => void,
): { readonly figures: readonly Figure[]; readonly count: number } {
  const samples = new Float64Array(MAX_SAMPLES)
  const word = new Int32Array(new SharedArrayBuffer(4))
  let number = 0
  const run = (forSeconds: number, pauseMs: number): number => {
    const until = performance.now() + forSeconds * 1000
    let taken = 0
    let end: number
    do {
      for (let i = 1; i < shape.timedEvery; i++) trip(number++)
      if (pauseMs > 0) Atomics.wait(word, 0, 0, pauseMs)
      const start = performance.now()
      trip(number++)
      end = performance.now()
      samples[taken++] = end - start
    } while (end < until && taken < MAX_SAMPLES)
    return taken
  }
  run(WARM_UP_SECONDS, 0)
  const taken = run(seconds, shape.pauseMs)
  return { figures: figuresOf(samples.subarray(0, taken)), count: number }
}

/** As {@link measureTrips}, with the event loop going on. Of several kinds of `trip`, each goes on beside the others. */
export async function measureTripsAsync(
  { seconds }: NearPlace,
  shape: RoundTripShape,
  ...trips: readonly ((number: number) => Promise<void>)[]
): Promise<{ readonly figures: readonly Figure[]; readonly count: number }> {
  const samples = new Float64Array(MAX_SAMPLES)
  const numbers = trips.map(() => 0)
  const run = async (forSeconds: number, pauseMs: number): Promise<number> => {
    const until = performance.now() + forSeconds * 1000
    let taken = 0
    const goOn = async (trip: (number: number) => Promise<void>, index: number): Promise<void> => {
      let number = numbers[index] as number
      let end: number
      do {
        for (let i = 1; i < shape.timedEvery; i++) await trip(number++)
        if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
        const start = performance.now()
        await trip(number++)
        end = performance.now()
        samples[taken++] = end - start
      } while (end < until && taken < MAX_SAMPLES)
      numbers[index] = number
    }
    await Promise.all(trips.map(goOn))
    return taken
  }
  await run(WARM_UP_SECONDS, 0)
  const taken = await run(seconds, shape.pauseMs)
  const count = numbers.reduce((sum, number) => sum + number, 0)
  return { figures: figuresOf(samples.subarray(0, taken)), count }
}

function figuresOf(milliseconds: Float64Array): readonly Figure[] {
  const clockMs = clockCostMs()
  const sorted = milliseconds.sort()
  const micros = (rank: number): number => Math.max(0, percentile(sorted, rank) - clockMs) * 1000
  return [
    { metric: 'p50', value: micros(0.5), unit: 'us' },
    { metric: 'p99', value: micros(0.99), unit: 'us' },
  ]
}

/** What two looks at the clock in a row are apart: it is part of each sample. */
function clockCostMs(): number {
  const gaps = Array.from({ length: 10_000 }, () => {
    const start = performance.now()
    return performance.now() - start
  })
  return median(gaps)
}

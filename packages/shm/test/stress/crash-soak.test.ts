import { expect, test } from 'vitest'
import { soak } from './soak.js'
import { CHANCE } from './soak-place.js'

const SECONDS = Number(process.env.SOAK_SECONDS ?? 5)
const SEED = Number(process.env.SOAK_SEED ?? 1)
const WATCHDOG_MS = 2 * SECONDS * 1000 + 90_000

test(
  `workers killed at any time for ${SECONDS} s, seed ${SEED}`,
  async () => {
    const { kills, stops, counts, redelivered, violations } = await soak({ seconds: SECONDS, seed: SEED })
    const done = Object.entries(counts).map(([kind, count]) => `${count} ${kind}`)
    console.log(
      `seed ${SEED}: ${kills} kills, ${stops} stops, ${done.join(', ')}, ${redelivered} came again, ${violations.length} violations`,
    )
    expect(violations, `seed ${SEED}`).toEqual([])
    for (const [kind, count] of Object.entries(counts)) {
      if (kind !== CHANCE) expect(count, kind).toBeGreaterThan(0)
    }
    expect(kills).toBeGreaterThan(SECONDS)
  },
  WATCHDOG_MS,
)

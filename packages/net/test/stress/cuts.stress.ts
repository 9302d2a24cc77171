import { expect, test } from 'vitest'
import { streamThroughCuts } from './cuts.js'

const CUTS = Number(process.env.CUTS ?? 10_000)
const SEED = Number(process.env.SEED ?? 1)

test(`a stream loses and repeats nothing through ${CUTS} cuts`, async () => {
  const stream = await streamThroughCuts(CUTS, SEED)
  console.log(`seed ${SEED}, through cuts: ${JSON.stringify(stream)}`)
  expect(stream.cuts).toBeGreaterThanOrEqual(CUTS)
}, 1_800_000)

import { expect, test } from 'vitest'
import { streamThroughCuts } from './stress/cuts.js'

const CUTS = 200

test('a stream loses and repeats nothing through many cuts', async () => {
  const stream = await streamThroughCuts(CUTS, 1)
  console.log('through cuts', JSON.stringify(stream))
  expect(stream.cuts).toBeGreaterThanOrEqual(CUTS)
  // A cut may meet a socket that is not one yet: the more often, the busier the machine is.
  expect(stream.resumes).toBeGreaterThan(CUTS / 20)
}, 60_000)

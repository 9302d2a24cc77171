import { describe, expect, test } from 'vitest'
import { type Curve, crossover, lowestOf } from '../src/statements/crossover.js'

const curve = (...ms: readonly number[]): Curve => ms.map((value, index) => [16 * 4 ** index, value])

describe('crossover', () => {
  test('is between the amounts where the lead changes, as lines of logarithmic axes cross', () => {
    expect(crossover(curve(1, 1, 4), curve(2, 2, 2))).toBeCloseTo(16 * 4 * 2)
    expect(crossover(curve(1, 2, 9), curve(2, 2, 3))).toBeCloseTo(64)
  })

  test('is the last one where the lead changes more than once', () => {
    expect(crossover(curve(1, 4, 1, 4), curve(2, 2, 2, 2))).toBeCloseTo(16 * 4 ** 2 * 2)
  })

  test('is nowhere where one is ahead all along, or falls back at the end', () => {
    expect(crossover(curve(3, 3), curve(1, 1))).toBeUndefined()
    expect(crossover(curve(1, 1), curve(3, 3))).toBeUndefined()
    expect(crossover(curve(3, 1), curve(2, 2))).toBeUndefined()
  })
})

test('lowestOf takes the best at each amount', () => {
  expect(lowestOf([curve(1, 5), curve(2, 4)])).toEqual(curve(1, 4))
})

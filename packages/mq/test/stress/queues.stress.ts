import { expect, test } from 'vitest'
import { compareWithModel } from '../queue/compare-with-model.js'
import { killAtSteps } from '../queue/mortal-broker.js'

/** Calls of the state machine. */
const CALLS = Number(process.env.CALLS ?? 200_000)
const HOUR_MS = 3_600_000

test('the state machine does what its model does, for long', { timeout: HOUR_MS }, () => {
  let calls = 0
  let rounds = 0
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
  while (calls < CALLS) calls += compareWithModel(500, seed + rounds++)
  console.log(`${calls} calls of the state machine and of its model, seeds ${seed} to ${seed + rounds - 1}`)
  expect(calls).toBeGreaterThanOrEqual(CALLS)
})

test('every promise settles when the broker is killed, at every step', { timeout: HOUR_MS }, async () => {
  const deaths = await killAtSteps(1)
  console.log(`${deaths} brokers killed`)
  expect(deaths).toBeGreaterThan(100)
})

import { expect, test } from 'vitest'
import { compareWithModel } from './compare-with-model.js'

test('the state machine over the memory store does in every sequence of calls what the simple model does', () => {
  const calls = compareWithModel(200)
  console.log(`${calls} calls of the state machine and of its model`)
  expect(calls).toBeGreaterThan(1000)
})

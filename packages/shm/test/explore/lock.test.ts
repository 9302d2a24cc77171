import { loadModel, type Model } from '@ipc/faults'
import { beforeAll, describe, test } from 'vitest'
import { expectFound, expectFoundOnlyWeak, expectSound, ONE_LOOK, type Planted } from './explored.js'

const entry = new URL('./lock.model.ts', import.meta.url)
let model: Model

beforeAll(async () => {
  model = await loadModel({ entry, mutate: ONE_LOOK })
})

describe.each(['sequential', 'weak'] as const)('mutex in %s memory', (mode) => {
  test.each(['two', 'again', 'dropped', 'tried'])(
    'one has it at a time, in the order of tickets: %s',
    (scenario) => {
      expectSound(model, { scenario, mode })
    },
  )

  test.each(['two', 'dropped', 'tried'])(
    'whoever is left gets it, and knows of the death: %s',
    (scenario) => {
      expectSound(model, { scenario, mode, deaths: 1, timeouts: 3 })
    },
  )
})

import { loadModel, type Model } from '@ipc/faults'
import { beforeAll, describe, test } from 'vitest'
import { expectFound, expectFoundOnlyWeak, expectSound, type Planted } from './explored.js'

const entry = new URL('./broadcast.model.ts', import.meta.url)
let model: Model

beforeAll(async () => {
  model = await loadModel({ entry })
})

describe.each(['sequential', 'weak'] as const)('broadcast ring in %s memory', (mode) => {
  test.each(['following', 'lapped', 'wrapping', 'holding', 'holdingLatest'])(
    'a reader gets whole records in order, and knows how many it lost: %s',
    (scenario) => {
      expectSound(model, { scenario, mode })
    },
  )
})

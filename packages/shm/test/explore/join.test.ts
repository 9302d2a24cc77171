import { loadModel, type Model } from '@ipc/faults'
import { beforeAll, describe, test } from 'vitest'
import { expectFound, expectSound, IS_DEEP, type Planted } from './explored.js'

const entry = new URL('./join.model.ts', import.meta.url)
let model: Model

beforeAll(async () => {
  model = await loadModel({ entry })
})

describe.each(['sequential', 'weak'] as const)('participants in %s memory', (mode) => {
  const more = IS_DEEP ? ['three'] : []

  test.each(['beside', 'pair', ...more])('each has a seat of its own: %s', (scenario) => {
    expectSound(model, { scenario, mode })
  })

  test.each(['beside', ...(mode === 'sequential' || IS_DEEP ? ['pair'] : [])])(
    'whoever lives has one, whoever else dies, and when: %s',
    (scenario) => {
      expectSound(model, { scenario, mode, deaths: 1 })
    },
  )
})

const PLANTED: readonly Planted[] = [
  {
    bug: 'a seat that is cleaned up after without its lock',
    mutate: {
      file: 'participants.ts',
      from: 'life.isTaken(slot) || !life.take(slot)',
      to: 'life.isTaken(slot)',
    },
    scenario: 'pair',
    message: 'they sit in 0,0',
    steps: [
      'joining is lock life of 0 taken: no',
      'other take lock life of 0: has it',
      'joining release lock life of 0',
      'joining take lock life of 0: has it',
    ],
  },
]

describe('a bug planted into the seats is found', () => {
  test.each(PLANTED)('$bug', (planted) => expectFound(entry, planted, 'sequential'))
})

import { loadModel, type Model } from '@ipc/faults'
import { beforeAll, describe, test } from 'vitest'
import { expectFound, expectSound, ONE_LOOK, type Planted } from './explored.js'

const entry = new URL('./condition.model.ts', import.meta.url)
let model: Model

beforeAll(async () => {
  model = await loadModel({ entry, mutate: ONE_LOOK })
})

describe.each(['sequential', 'weak'] as const)('condition in %s memory', (mode) => {
  test.each(['passedOn', 'both'])('no notification is lost: %s', (scenario) => {
    expectSound(model, { scenario, mode })
  })

  test('the notification of one who dies is passed on', () => {
    expectSound(model, { scenario: 'passedOn', mode, deaths: 1, mortal: ['dropper'], timeouts: 3 })
  })
})

const PLANTED: readonly Planted[] = [
  {
    bug: 'a notification of one who does not wait any more, which nobody passes on',
    mutate: [
      ONE_LOOK,
      {
        file: 'grant-queue.ts',
        from: 'if (who !== GAVE_UP || !this.free(ticket, GAVE_UP)) return',
        to: 'return',
      },
    ],
    scenario: 'passedOn',
    message: 'deadlock: waiter sleeps',
    steps: [
      'dropper Atomics.compareExchange ticket 0 from 1 to 255',
      'notifier Atomics.compareExchange granted',
    ],
  },
]

describe('a bug planted into the condition is found', () => {
  test.each(PLANTED)('$bug', (planted) => expectFound(entry, planted, 'sequential'))
})

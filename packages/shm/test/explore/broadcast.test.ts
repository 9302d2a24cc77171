import { loadModel, type Model } from '@ipc/faults'
import { beforeAll, describe, test } from 'vitest'
import { expectFound, expectFoundOnlyWeak, expectSound, type Planted } from './explored.js'

const entry = new URL('./broadcast.model.ts', import.meta.url)
let model: Model

beforeAll(async () => {
  model = await loadModel({ entry })
})

describe('broadcast ring', () => {
  describe.each(['sequential', 'weak'] as const)('in %s memory', (mode) => {
    test.each(['following', 'lapped', 'wrapping', 'holding', 'holdingLatest'])(
      'a reader gets whole records in order, and knows how many it lost: %s',
      (scenario) => {
        expectSound(model, { scenario, mode })
      },
    )
  })

  test.each(['lappedTwice', 'holdingTwice'])(
    'a reader gets whole records in order, and knows how many it lost: %s',
    (scenario) => {
      expectSound(model, { scenario, mode: 'sequential' })
    },
  )
})

const BY_INTERLEAVING: readonly Planted[] = [
  {
    bug: 'a producer that announces nothing',
    mutate: {
      file: 'broadcast-writer.ts',
      from: 'if (((end - this.#intent) | 0) > 0) this.#announce(end)',
      to: '',
    },
    scenario: 'lapped',
    message: '',
    steps: [
      'producer store kind at 0 = 8',
      'reader load kind at 0: 8',
      'reader Atomics.add intent, 0: was 0',
    ],
  },
]

const ONLY_WEAK: readonly Planted[] = [
  {
    bug: 'an announcement that is stored, so that what is announced may be visible before it',
    mutate: {
      file: 'broadcast-writer.ts',
      from: 'Atomics.exchange(this.#control, BROADCAST_INTENT >> 2, intent)',
      to: 'Atomics.store(this.#control, BROADCAST_INTENT >> 2, intent)',
    },
    scenario: 'lapped',
    message: '',
    steps: [
      'Atomics.store intent',
      'now visible broadcast-writer.ts tryClaim',
      'reader Atomics.add intent, 0: was 128',
    ],
  },
  {
    bug: 'a reader whose second look is a load, which its copy may come after',
    mutate: {
      file: 'broadcast-reader.ts',
      from: 'Atomics.add(this.#control, BROADCAST_INTENT >> 2, 0)',
      to: 'Atomics.load(this.#control, BROADCAST_INTENT >> 2)',
    },
    scenario: 'lapped',
    message: '',
    steps: [
      'now visible broadcast-writer.ts tryClaim',
      'reader load kind at 0: 8',
      'reader Atomics.load intent: 128',
      'intent = 152: now visible',
    ],
  },
]

describe('a bug planted into the broadcast ring is found', () => {
  test.each(BY_INTERLEAVING)('$bug', (planted) => expectFound(entry, planted, 'sequential'))
  test.each(ONLY_WEAK)('only where memory is weak: $bug', (planted) => expectFoundOnlyWeak(entry, planted))
})

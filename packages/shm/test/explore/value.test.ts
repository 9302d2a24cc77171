import { loadModel, type Model } from '@ipc/faults'
import { beforeAll, describe, expect, test } from 'vitest'
import { expectFound, expectFoundOnlyWeak, expectSound, type Planted } from './explored.js'

const entry = new URL('./value.model.ts', import.meta.url)
let model: Model

beforeAll(async () => {
  model = await loadModel({ entry })
})

describe.each(['sequential', 'weak'] as const)('shared value in %s memory', (mode) => {
  test.each(['first', 'around', 'aroundTwice', 'wrapping', 'atomicFirst', 'atomicAround'])(
    'a copy is whole, and no older than the one before: %s',
    (scenario) => {
      const { outcomes } = expectSound(model, { scenario, mode })
      expect(outcomes.length).toBeGreaterThan(1)
    },
  )

  test('a writer that dies leaves a whole value, and the next one goes on', () => {
    const { outcomes } = expectSound(model, { scenario: 'handedOver', mode, deaths: 1, mortal: ['writer'] })
    expect(outcomes.length).toBeGreaterThan(1)
  })
})

const LOOK = ': Atomics.add(this.#words, this.#version, 0)'

const ONLY_WEAK: readonly Planted[] = [
  {
    bug: 'a naive seqlock: the second look is a load, which the copy may come after',
    mutate: { file: 'value-cells.ts', from: LOOK, to: ': Atomics.load(this.#words, this.#version)' },
    scenario: 'around',
    message: 'torn: version 5',
    steps: [
      'to take effect later value-cells.ts #copyPlain',
      'reader Atomics.load version',
      'now the load takes effect',
    ],
  },
]

const BY_INTERLEAVING: readonly Planted[] = [
  {
    bug: 'a reader that takes one value too many for none',
    mutate: { file: 'value-cells.ts', from: '< CELLS - 1) {', to: '< CELLS) {' },
    scenario: 'around',
    message: 'torn: version 5',
    steps: [
      'writer store first of cell 1 = 9',
      'reader load first of cell 1: 9',
      'reader Atomics.add version, 0: was 8',
    ],
  },
]

describe('a bug planted into the shared value is found', () => {
  test.each(BY_INTERLEAVING)('$bug', (planted) => expectFound(entry, planted, 'sequential'))
  test.each(ONLY_WEAK)('only where memory is weak: $bug', (planted) => expectFoundOnlyWeak(entry, planted))
})

import { loadModel, type Model } from '@ipc/faults'
import { beforeAll, describe, test } from 'vitest'
import { expectFound, expectFoundOnlyWeak, expectSound, type Planted } from './explored.js'

const entry = new URL('./mpsc.model.ts', import.meta.url)
let model: Model

beforeAll(async () => {
  model = await loadModel({ entry })
})

describe('MPSC ring', () => {
  describe.each(['sequential', 'weak'] as const)('in %s memory', (mode) => {
    test.each(['full', 'padded', 'aborted', 'single', 'pair'])(
      'records come in the order of their claims, once and whole: %s',
      (scenario) => {
        expectSound(model, { scenario, mode })
      },
    )
  })

  describe.each(['sequential', 'weak'] as const)('in %s memory', (mode) => {
    test.each(['dying', 'dyingBeside', 'dyingPadded', 'dyingFull'])(
      'a hole of a dead producer is filled in, and no record of a living one: %s',
      (scenario) => {
        expectSound(model, { scenario, mode, deaths: 1, mortal: ['producer 0'] })
      },
    )
  })

  test('a hole of a dead producer is filled in, and no record of a living one: dyingPaddedBeside', () => {
    expectSound(model, {
      scenario: 'dyingPaddedBeside',
      mode: 'sequential',
      deaths: 1,
      mortal: ['producer 0'],
    })
  })

  test.each(['long', 'three'])(
    'records come in the order of their claims, once and whole: %s',
    (scenario) => {
      expectSound(model, { scenario, mode: 'sequential' })
    },
  )
})

const BY_INTERLEAVING: readonly Planted[] = [
  {
    bug: 'a record that is committed before its length and kind are there',
    mutate: [
      {
        file: 'mpsc-writer.ts',
        from: 'entries[entry + ENTRY_LENGTH] = length\n',
        to: 'const done = Atomics.compareExchange(entries, entry + ENTRY_STAMP, stamp, stampOf(position)) === stamp\nentries[entry + ENTRY_LENGTH] = length\n',
      },
      {
        file: 'mpsc-writer.ts',
        from: 'return Atomics.compareExchange(entries, entry + ENTRY_STAMP, stamp, stampOf(position)) === stamp',
        to: 'return done',
      },
    ],
    scenario: 'single',
    message: '',
    steps: [
      'producer 0 Atomics.compareExchange stamp of 0',
      'consumer Atomics.load stamp of 0: 1',
      'length of 0',
    ],
  },
  {
    bug: 'a claim that is made by a store',
    mutate: {
      file: 'mpsc-writer.ts',
      from: 'if (Atomics.compareExchange(control, RING_TAIL >> 2, tail, (tail + padding + wanted) | 0) !== tail)\n        continue',
      to: 'Atomics.store(control, RING_TAIL >> 2, (tail + padding + wanted) | 0)',
    },
    scenario: 'pair',
    message: '',
    steps: ['Atomics.store tail = 64', 'Atomics.store tail = 64'],
  },
  {
    bug: 'padding that is not committed',
    mutate: {
      file: 'mpsc-writer.ts',
      from: 'this.#commit(tail, padding, PADDING, this.#entries[this.#entryOf(tail)] as number)',
      to: '',
    },
    scenario: 'padded',
    message: 'of producer 0 came , not 0',
    steps: ['producer 0 Atomics.compareExchange tail from 192 to 384: was 192'],
  },
]

const ONLY_WEAK: readonly Planted[] = [
  {
    bug: 'a stamp that is stored plainly',
    mutate: {
      file: 'mpsc-writer.ts',
      from: 'return Atomics.compareExchange(entries, entry + ENTRY_STAMP, stamp, stampOf(position)) === stamp',
      to: 'entries[entry + ENTRY_STAMP] = stampOf(position)\n    return true',
    },
    scenario: 'single',
    message: '',
    steps: ['stamp of 0 = 1: now visible mpsc-writer.ts #commit', 'consumer Atomics.load stamp of 0: 1'],
  },
  {
    bug: 'a stamp that is loaded plainly',
    mutate: {
      file: 'mpsc-reader.ts',
      from: 'if (Atomics.load(entries, entry + ENTRY_STAMP) !== stampOf(this.#head)) return false',
      to: 'if (entries[entry + ENTRY_STAMP] !== stampOf(this.#head)) return false',
    },
    scenario: 'single',
    message: '',
    steps: ['consumer load stamp of 0: 1, to take effect later', 'now the load takes effect'],
  },
]

describe('a bug planted into the MPSC ring is found', () => {
  test.each(BY_INTERLEAVING)('$bug', (planted) => expectFound(entry, planted, 'sequential'))
  test.each(ONLY_WEAK)('only where memory is weak: $bug', (planted) => expectFoundOnlyWeak(entry, planted))
})

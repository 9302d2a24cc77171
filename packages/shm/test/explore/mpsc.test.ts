import { loadModel, type Model } from '@ipc/faults'
import { beforeAll, describe, test } from 'vitest'
import { expectFound, expectFoundOnlyWeak, expectSound, IS_DEEP, type Planted } from './explored.js'

const entry = new URL('./mpsc.model.ts', import.meta.url)
let model: Model

beforeAll(async () => {
  model = await loadModel({ entry })
})

const SCENARIOS = ['full', 'padded', 'aborted', 'single', 'pair']
const DYING = ['dying', 'dyingPadded']

describe.each(['sequential', 'weak'] as const)('MPSC ring in %s memory', (mode) => {
  const isSequential = mode === 'sequential'

  test.each([...SCENARIOS, ...deep('long', 'three', isSequential)])(
    'records come in the order of their claims, once and whole: %s',
    (scenario) => {
      expectSound(model, { scenario, mode })
    },
  )

  test.each([
    ...DYING,
    ...(isSequential || IS_DEEP ? ['dyingFull'] : []),
    ...deep('dyingBeside', 'dyingPaddedBeside', isSequential),
  ])('a hole of a dead producer is filled in, and no record of a living one: %s', (scenario) => {
    expectSound(model, { scenario, mode, deaths: 1, mortal: ['producer 0'] })
  })
})

const BY_INTERLEAVING: readonly Planted[] = [
  {
    bug: 'a record that is committed when it is claimed',
    mutate: {
      file: 'mpsc-writer.ts',
      from: 'return entries[entry + ENTRY_STAMP] as number',
      to: 'const stamp = entries[entry + ENTRY_STAMP] as number\n    this.#commit(position, stamp)\n    return stamp',
    },
    scenario: 'single',
    message: '',
    steps: [
      'producer 0 Atomics.compareExchange stamp of 0 from 0 to 1: was 0',
      'producer 0 store record bytes 0',
    ],
  },
  {
    bug: 'a claim that is committed before it says that it was given up',
    mutate: {
      file: 'mpsc-writer.ts',
      from: 'this.#describe(this.#position, this.#bytes, PADDING)\n    this.#commit(this.#position, this.#stamp)',
      to: 'this.#commit(this.#position, this.#stamp)\n    this.#describe(this.#position, this.#bytes, PADDING)',
    },
    scenario: 'aborted',
    message: '',
    steps: [
      'producer 0 Atomics.compareExchange stamp of 0 from 0 to 1: was 0',
      'consumer load length of 0: 4',
      'consumer load kind of 0: -1',
    ],
  },
  {
    bug: 'a claim that is made by a store',
    mutate: {
      file: 'mpsc-writer.ts',
      from: 'if (Atomics.compareExchange(control, RING_TAIL >> 2, tail, (tail + claimed) | 0) !== tail) continue',
      to: 'Atomics.store(control, RING_TAIL >> 2, (tail + claimed) | 0)',
    },
    scenario: 'pair',
    message: '',
    steps: ['Atomics.store tail = 64', 'Atomics.store tail = 64'],
  },
  {
    bug: 'padding that is not committed',
    mutate: {
      file: 'mpsc-writer.ts',
      from: 'this.#commit(tail, this.#describe(tail, bytes, PADDING))',
      to: '',
    },
    scenario: 'padded',
    message: 'of producer 0 came , not 0',
    steps: ['producer 0 Atomics.compareExchange tail from 192 to 384: was 192'],
  },
]

const IN_RECOVERY: readonly Planted[] = [
  {
    bug: 'a claim that is said after it was made',
    mutate: [
      { file: 'mpsc-writer.ts', from: 'hasSaid = this.#intend(tail)\n      if (!hasSaid) continue', to: '' },
      {
        file: 'mpsc-writer.ts',
        from: 'this.#claimed = true\n      this.#position',
        to: 'this.#intend(tail)\n      this.#claimed = true\n      this.#position',
      },
    ],
    scenario: 'dying',
    message: 'producer 0 threw: this thread was taken for dead',
    steps: [
      'producer 0 Atomics.compareExchange tail',
      'consumer Atomics.compareExchange stamp of 0 from 0 to 3',
    ],
  },
  {
    bug: 'recovery that trusts the id of a process, which another process has by now',
    mutate: [
      {
        file: 'mpsc.model.ts',
        from: 'lives: (name: number) => self.isAlive(threadOf(name))',
        to: 'lives: () => true',
      },
      {
        file: 'mpsc.model.ts',
        from: 'lives: (name: number) => !dead.includes(threadOf(name))',
        to: 'lives: () => true',
      },
    ],
    scenario: 'dyingBeside',
    message: 'of producer 1 came , not 10',
    steps: ['producer 0 Atomics.compareExchange tail', 'producer 0 dies'],
    deaths: 1,
    mortal: ['producer 0'],
  },
  {
    bug: 'recovery that does not ask who lives',
    mutate: {
      file: 'mpsc-reader.ts',
      from: 'if (ahead === 0 && living.lives(name)) return 0',
      to: 'void living',
    },
    scenario: 'dying',
    message: 'producer 0 threw: this thread was taken for dead',
    steps: [
      'producer 0 Atomics.compareExchange tail',
      'consumer Atomics.compareExchange stamp of 0 from 0 to 3',
    ],
  },
  {
    bug: 'a hole that goes on up to the tail, over what others have claimed behind it',
    mutate: [{ file: 'mpsc-reader.ts', from: 'if (ahead > 0 && ahead < bytes) bytes = ahead', to: '' }],
    scenario: 'dyingBeside',
    message: 'of producer 1 came , not 10',
    steps: ['producer 0 Atomics.compareExchange tail', 'producer 0 dies', 'consumer store length of 0 = 128'],
    deaths: 1,
    mortal: ['producer 0'],
  },
]

const ONLY_WEAK: readonly Planted[] = [
  {
    bug: 'a stamp that is stored plainly',
    mutate: {
      file: 'mpsc-writer.ts',
      from: 'return Atomics.compareExchange(this.#entries, entry + ENTRY_STAMP, stamp, stampOf(position)) === stamp',
      to: 'this.#entries[entry + ENTRY_STAMP] = stampOf(position)\n    return stamp !== undefined',
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
  test.each(IN_RECOVERY)('$bug', (planted) => expectFound(entry, planted, 'sequential'))
  test.each(ONLY_WEAK)('only where memory is weak: $bug', (planted) => expectFoundOnlyWeak(entry, planted))
})

/** Scenarios with many states: in sequential memory the first one, and all where there is time for them. */
function deep(first: string, second: string, isSequential: boolean): string[] {
  return IS_DEEP && isSequential ? [first, second] : isSequential ? [first] : []
}

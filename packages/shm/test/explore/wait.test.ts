import { loadModel, type Model } from '@ipc/faults'
import { beforeAll, describe, test } from 'vitest'
import { expectFound, expectFoundOnlyWeak, expectSound, ONE_LOOK, type Planted } from './explored.js'

const entry = new URL('./wait.model.ts', import.meta.url)
let model: Model

beforeAll(async () => {
  model = await loadModel({ entry, mutate: ONE_LOOK })
})

describe.each(['sequential', 'weak'] as const)('waits in %s memory', (mode) => {
  test.each(['one', 'twice', 'both', 'two'])('no wake-up is lost: %s', (scenario) => {
    expectSound(model, { scenario, mode })
  })
})

const LOST = 'deadlock: waiter sleeps'

const BY_INTERLEAVING: readonly Planted[] = [
  {
    bug: 'a sleeper that does not look once more before it sleeps',
    mutate: [
      ONE_LOOK,
      {
        file: 'participant.ts',
        from: 'if (!condition.ready()) {\n        this.#part',
        to: '{\n        this.#part',
      },
    ],
    scenario: 'one',
    message: LOST,
    steps: [
      'signaller Atomics.add count',
      'signaller Atomics.load any: 0',
      'waiter block while wake of 0 is 0: sleeps',
    ],
  },
  {
    bug: 'a sleeper that remembers the count of wake-ups too late',
    mutate: [
      ONE_LOOK,
      {
        file: 'participant.ts',
        from: 'futex.block(this.#wake, value, timeoutMs)',
        to: 'futex.block(this.#wake, Atomics.load(words, this.#wake), timeoutMs)',
      },
    ],
    scenario: 'one',
    message: LOST,
    steps: ['signaller Atomics.add wake of 0', 'waiter block while wake of 0 is 1: sleeps'],
  },
  {
    bug: 'an event that says that somebody waits before it says who',
    mutate: [
      ONE_LOOK,
      {
        file: 'wait-event.ts',
        from: 'Atomics.or(this.#words, this.#bits + (participant >> 5), 1 << (participant & 31))\n',
        to: 'Atomics.store(this.#words, this.#any, 1)\nAtomics.or(this.#words, this.#bits + (participant >> 5), 1 << (participant & 31))\nif (participant < 999) return\n',
      },
    ],
    scenario: 'twice',
    message: LOST,
    steps: [
      'Atomics.store any = 1',
      'signaller Atomics.store any = 0',
      'signaller Atomics.exchange bits',
      'Atomics.or bits',
    ],
  },
  {
    bug: 'a signal whose word is cleared after the bits are taken',
    mutate: [
      ONE_LOOK,
      { file: 'wait-event.ts', from: 'Atomics.store(this.#words, this.#any, 0)\n', to: '\n' },
      {
        file: 'wait-event.ts',
        from: 'this.#waker.wake(32 * mask + bit)\n      }\n    }\n',
        to: 'this.#waker.wake(32 * mask + bit)\n      }\n    }\nAtomics.store(this.#words, this.#any, 0)\n',
      },
    ],
    scenario: 'twice',
    message: LOST,
    steps: [
      'signaller Atomics.exchange bits',
      'waiter Atomics.store any = 1',
      'signaller Atomics.store any = 0',
    ],
  },
]

const ONLY_WEAK: readonly Planted[] = [
  {
    bug: 'a mode that is stored plainly: the last look may come before it',
    mutate: [
      ONE_LOOK,
      {
        file: 'participant.ts',
        from: 'Atomics.store(words, this.#mode, BLOCKED)',
        to: 'words[this.#mode] = BLOCKED',
      },
    ],
    scenario: 'one',
    message: LOST,
    steps: [
      'waiter store mode of 0 = 1, pending',
      'signaller Atomics.load mode of 0: 0',
      'mode of 0 = 1: now visible',
    ],
  },
]

describe('a bug planted into the waits is found', () => {
  test.each(BY_INTERLEAVING)('$bug', (planted) => expectFound(entry, planted, 'sequential'))
  test.each(ONLY_WEAK)('only where memory is weak: $bug', (planted) => expectFoundOnlyWeak(entry, planted))
})

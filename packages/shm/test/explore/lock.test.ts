import { loadModel, type Model } from '@ipc/faults'
import { beforeAll, describe, test } from 'vitest'
import { expectFound, expectFoundOnlyWeak, expectSound, IS_DEEP, ONE_LOOK, type Planted } from './explored.js'

const entry = new URL('./lock.model.ts', import.meta.url)
let model: Model

beforeAll(async () => {
  model = await loadModel({ entry, mutate: ONE_LOOK })
})

describe.each(['sequential', 'weak'] as const)('mutex in %s memory', (mode) => {
  const more = mode === 'sequential' || IS_DEEP ? ['again'] : []

  test.each(['two', 'dropped', 'tried', ...more])(
    'one has it at a time, in the order of tickets: %s',
    (scenario) => {
      expectSound(model, { scenario, mode })
    },
  )

  test.each(['two', 'dropped', 'tried', ...(IS_DEEP ? ['again'] : [])])(
    'if one dies, whoever is left gets it, and knows of that: %s',
    (scenario) => {
      expectSound(model, { scenario, mode, deaths: 1, timeouts: 3 })
    },
  )
})

const BY_INTERLEAVING: readonly Planted[] = [
  {
    bug: 'a ticket that is given up, and not looked at once more',
    mutate: [ONE_LOOK, { file: 'turn-queue.ts', from: 'if (this.isGranted(ticket)) this.settle()', to: '' }],
    scenario: 'dropped',
    message: 'nobody has the turn',
    steps: [
      'b Atomics.load granted: 1',
      'a Atomics.load ticket 1: 258',
      'b Atomics.compareExchange ticket 1',
    ],
  },
  {
    bug: 'a ticket whose owner is not woken',
    mutate: [
      ONE_LOOK,
      {
        file: 'turn-queue.ts',
        from: 'if (who !== NOBODY && who !== GAVE_UP) this',
        to: 'if (who === 999) this',
      },
    ],
    scenario: 'two',
    message: 'deadlock',
    steps: ['Atomics.compareExchange granted from 1 to 2', 'sleeps'],
  },
  {
    bug: 'a ticket that is taken by a look and a store',
    mutate: [
      ONE_LOOK,
      {
        file: 'ticket-queue.ts',
        from: 'const found = this.change(ticket, free(ticket), held(ticket, participant + 1))\n      if (found === free(ticket)) {',
        to: 'const found = this.slot(ticket)\n      if (found === free(ticket)) {\n        Atomics.store(this.words, this.#slots + (ticket % SLOTS), held(ticket, participant + 1))',
      },
    ],
    scenario: 'two',
    message: '',
    steps: ['Atomics.store ticket 0 = 1', 'Atomics.store ticket 0 = 2'],
  },
]

const IN_RECOVERY: readonly Planted[] = [
  {
    bug: 'a dead holder of whom nobody is told',
    mutate: [
      ONE_LOOK,
      {
        file: 'turn-queue.ts',
        from: 'if (this.isGranted(ticketOf(slot))) Atomics.store(this.words, this.#abandoned, 1)',
        to: '',
      },
    ],
    scenario: 'two',
    message: 'has the mutex, and so has',
    steps: ['store inside = 1', 'a dies', 'b load inside: 1'],
    deaths: 1,
    mortal: ['a'],
    timeouts: 3,
  },
  {
    bug: 'recovery that trusts the id of a process, which another process has by now',
    mutate: [ONE_LOOK, { file: 'seats.ts', from: 'other === slot || life.isTaken(other)', to: 'other >= 0' }],
    scenario: 'two',
    message: 'deadlock: b sleeps',
    steps: ['a dies', 'b block while wake of 1'],
    deaths: 1,
    mortal: ['a'],
    timeouts: 3,
  },
]

const ONLY_WEAK: readonly Planted[] = [
  {
    bug: 'a turn that is passed on by a plain store, which what the mutex protects may come after',
    mutate: [
      ONE_LOOK,
      {
        file: 'turn-queue.ts',
        from: 'Atomics.compareExchange(this.words, this.granted, wrap(ticket + 1), wrap(ticket + 2))',
        to: 'this.words[this.granted] = wrap(ticket + 2)',
      },
    ],
    scenario: 'two',
    message: 'has the mutex, and so has',
    steps: ['granted = 2: now visible', 'Atomics.load granted: 2', 'load inside: '],
  },
]

describe('a bug planted into the mutex is found', () => {
  test.each(BY_INTERLEAVING)('$bug', (planted) => expectFound(entry, planted, 'sequential'))
  test.each(IN_RECOVERY)('$bug', (planted) => expectFound(entry, planted, 'sequential'))
  test.each(ONLY_WEAK)('only where memory is weak: $bug', (planted) => expectFoundOnlyWeak(entry, planted))
})

import { loadModel, type Model } from '@ipc/faults'
import { beforeAll, describe, test } from 'vitest'
import { expectSound, ONE_LOOK } from './explored.js'

const entry = new URL('./lock.model.ts', import.meta.url)
let model: Model
let fixed: Model

const FIX = {
  file: 'turn-queue.ts',
  from: 'this.change(index, slot, held(ticketOf(slot), GAVE_UP))',
  to: 'Atomics.compareExchange(this.words, this.next, ticketOf(slot), wrap(ticketOf(slot) + 1)); this.change(index, slot, held(ticketOf(slot), GAVE_UP))',
}

beforeAll(async () => {
  model = await loadModel({ entry, mutate: ONE_LOOK })
  fixed = await loadModel({ entry, mutate: [ONE_LOOK, FIX] })
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
      expectSound(fixed, { scenario, mode, deaths: 1, timeouts: 3 })
    },
  )
})

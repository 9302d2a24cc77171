import { beforeAll, describe, expect, test } from 'vitest'
import { type ExploreOptions, explore, loadModel, type Model } from '../../src/index.js'

const entry = new URL('./faults.model.ts', import.meta.url)
let model: Model

beforeAll(async () => {
  model = await loadModel({ entry })
})

/** What the threads returned, in all executions. */
function outcomes(options: ExploreOptions): unknown[] {
  const { violation, isComplete, outcomes } = explore(model, options)
  expect(violation).toBeUndefined()
  expect(isComplete).toBe(true)
  return outcomes.map((outcome) => JSON.parse(outcome))
}

describe('a violation', () => {
  test('comes with one of the shortest interleavings that lead to it', () => {
    const { violation, isComplete } = explore(model, { scenario: 'counter', mode: 'sequential' })
    expect(isComplete).toBe(false)
    expect(violation?.message).toBe('counted 1')
    expect(violation?.interleaving).toBe(
      [
        'a  load counter: 0    faults.model.ts increment',
        'b  load counter: 0    faults.model.ts increment',
        'a  store counter = 1  faults.model.ts increment',
        'b  store counter = 1  faults.model.ts increment',
      ].join('\n'),
    )
  })

  test.each([
    ['random', 'a threw: what is explored must not use Math.random'],
    ['invariant', 'more than 1'],
    ['forgotten', 'deadlock: sleeper sleeps'],
    ['notes', 'b before a'],
  ])('is what is wrong: %s', (scenario, message) => {
    expect(explore(model, { scenario, mode: 'sequential' }).violation?.message).toContain(message)
  })
})

describe.each(['sequential', 'weak'] as const)('in %s memory', (mode) => {
  test('death is seen after all that the dead one had stored', () => {
    const seen = outcomes({ scenario: 'will', mode, deaths: 1, mortal: ['dying'] })
    expect(seen).toEqual([{ heir: '00' }, { heir: '10' }, { heir: '11' }, { heir: 'alive' }])
  })

  test('a sleeper is woken, or has not slept', () => {
    expect(outcomes({ scenario: 'sleeper', mode })).toEqual([{ sleeper: 'woken' }])
  })

  test('the time of a sleeper runs out when nothing else can happen', () => {
    expect(outcomes({ scenario: 'forgotten', mode, timeouts: 1 })).toEqual([{ sleeper: 'in time' }])
  })

  test('a lock is free again when its owner is dead', () => {
    const results = outcomes({ scenario: 'lock', mode, deaths: 1, mortal: ['owner'] })
    const ofOther = results.map((result) => (result as { other: string }).other)
    expect([...new Set(ofOther)].sort()).toEqual([
      'free, has it',
      'free, has it not',
      'taken, has it',
      'taken, has it not',
    ])
  })
})

describe('explore', () => {
  test('throws when a thread may go on for ever', () => {
    expect(() => explore(model, { scenario: 'endless', mode: 'sequential' })).toThrow('its loops need bounds')
  })

  test('gives up after so many states', () => {
    const { isComplete } = explore(model, { scenario: 'lock', mode: 'sequential', deaths: 1, maxStates: 5 })
    expect(isComplete).toBe(false)
  })
})

describe('a mutation', () => {
  test('changes the code that is loaded', async () => {
    const mutate = { file: 'faults.model.ts', from: '[0]!++', to: '[0]! += 2' }
    const mutant = await loadModel({ entry, mutate })
    expect(explore(mutant, { scenario: 'counter', mode: 'sequential' }).violation?.message).toMatch(
      'counted 4',
    )
  })

  test.each([
    ['faults.model.ts', 'nothing like that'],
    ['faults.model.ts', 'memory'],
    ['no-such-file.ts', 'memory'],
  ])('throws when the text is not there exactly once: %s, %s', async (file, from) => {
    await expect(loadModel({ entry, mutate: { file, from, to: '' } })).rejects.toThrow()
  })
})

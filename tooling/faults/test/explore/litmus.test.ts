import { beforeAll, describe, expect, test } from 'vitest'
import { explore, loadModel, type MemoryMode, type Model } from '../../src/index.js'

let model: Model

beforeAll(async () => {
  model = await loadModel({ entry: new URL('./litmus.model.ts', import.meta.url) })
})

/** What the threads found, as one string for each outcome: P0, then P1, ... */
function outcomes(scenario: string, mode: MemoryMode): string {
  const report = explore(model, { scenario, mode })
  expect(report.violation).toBeUndefined()
  expect(report.isComplete).toBe(true)
  const found = report.outcomes.map((outcome) => Object.values(JSON.parse(outcome)).flat().join(''))
  return [...new Set(found)].sort().join(' ')
}

/** Name, what can come out of it under interleaving, and what else where memory is weak. */
const CASES: readonly [name: string, sequential: string, more: string][] = [
  ['mpPlain', '00 01 11', '10'],
  ['mpAtomic', '00 01 11', ''],
  ['mpReleaseOnly', '00 01 11', '10'],
  ['mpAcquireOnly', '00 01 11', '10'],
  ['mpExchange', '00 01 11', ''],
  ['sbPlain', '01 10 11', '00'],
  ['sbAtomic', '01 10 11', ''],
  ['sbPlainLoads', '01 10 11', '00'],
  ['sbPlainStores', '01 10 11', '00'],
  ['sbExchange', '01 10 11', ''],
  ['sbExchangePlainLoads', '01 10 11', '00'],
  ['lbPlain', '00 01 10', '11'],
  ['lbAtomic', '00 01 10', ''],
  ['lbIndependent', '00 01 10', '11'],
  ['lbData', '00 10', ''],
  ['lbControl', '00 10', ''],
  ['lbForwarded', '00 10', ''],
  ['afterStore', '00 01 11', '10'],
  ['afterStores', '00 01 11', ''],
  ['afterExchange', '00 01 11', '10'],
  ['announced', '00 01 11', ''],
  ['loadThenLoad', '00 01 11', '10'],
  ['loadThenModify', '00 01 11', ''],
  ['wrc', '000 001 010 011 100 101 111', ''],
  ['coRR', '00 01 11', ''],
  ['coWW', '00 01 02 11 12 22', ''],
  ['coRW', '0 2', ''],
  ['ownStores', '1011 1110 1111', '1010'],
  ['bytes', '0 1 10 11', ''],
  ['adds', '012 021 102 120 201 210', ''],
  ['exchangeOnce', '010 011 200 202', ''],
  ['lostUpdate', '000 001 002', ''],
]

describe('litmus tests', () => {
  test.each(CASES)('%s comes out as %s, and where memory is weak as %s too', (name, sequential, more) => {
    expect(outcomes(name, 'sequential')).toBe(sequential)
    const all = [...sequential.split(' '), ...more.split(' ')].filter((outcome) => outcome !== '')
    expect(outcomes(name, 'weak')).toBe(all.sort().join(' '))
  })

  test.each(['sequential', 'weak'] as const)(
    'readers in %s memory see independent stores in one order',
    (mode) => {
      const all = Array.from({ length: 16 }, (_, bits) => bits.toString(2).padStart(4, '0'))
      expect(outcomes('iriwAtomic', mode)).toBe(all.filter((outcome) => outcome !== '1010').join(' '))
    },
  )
})

import { beforeAll, describe, expect, test } from 'vitest'
import { explore, loadModel, type Model, type Scenario } from '../../src/index.js'
import { outcomesOnArm64 } from './arm64.js'
import { type Program, programOf } from './programs.js'

const PROGRAMS = process.env.EXPLORE === 'deep' ? 5000 : 150

let model: Model

beforeAll(async () => {
  model = await loadModel({ entry: new URL('./programs.model.ts', import.meta.url) })
})

function outcomesOf(program: Program): string[] {
  const { scenarioOf } = model.scenarios as unknown as { scenarioOf(program: Program): Scenario }
  const scenarios = { program: scenarioOf(program) }
  const report = explore({ ...model, scenarios }, { scenario: 'program', mode: 'weak' })
  expect(report.isComplete).toBe(true)
  return report.outcomes.map((outcome) => Object.values(JSON.parse(outcome)).flat().join(' ')).sort()
}

describe('weak memory', () => {
  test(`lets ${PROGRAMS} generated programs find what the axioms of arm64 let them, and nothing else`, () => {
    let weak = 0
    for (let seed = 1; seed <= PROGRAMS; seed++) {
      const program = programOf(seed)
      const expected = outcomesOnArm64(program)
      expect(outcomesOf(program), JSON.stringify(program)).toEqual(expected)
      weak += expected.length
    }
    console.log(`${PROGRAMS} programs, ${weak} outcomes`)
  })
})

import {
  type ExploreOptions,
  explore,
  loadModel,
  type MemoryMode,
  type Model,
  type Mutation,
  type Report,
} from '@ipc/faults'
import { expect } from 'vitest'

/** Whether there is time for scenarios with more states, as in `test:stress`. */
export const IS_DEEP: boolean = process.env.EXPLORE === 'deep'

/** A waiting thread looks once before it blocks, and not 32 times: the other looks are the same again. */
export const ONE_LOOK: Mutation = { file: 'spinner.ts', from: 'const LOOKS = 32', to: 'const LOOKS = 1' }

/** A bug, the scenario that shows it, and how. */
export interface Planted {
  readonly bug: string
  readonly mutate: Mutation | readonly Mutation[]
  readonly scenario: string
  readonly message: string
  /** What the interleaving must contain, in this order; a line of it each. */
  readonly steps: readonly string[]
  readonly deaths?: number
  readonly timeouts?: number
  readonly mortal?: readonly string[]
}

/** Explore all of a scenario and expect nothing wrong in it; prints how much that was. */
export function expectSound(model: Model, options: ExploreOptions): Report {
  const report = explored(model, options)
  expect(report.violation?.interleaving, report.violation?.message).toBeUndefined()
  expect(report.isComplete).toBe(true)
  return report
}

/** Expect a planted bug to be found; prints the interleaving. */
export async function expectFound(entry: URL, planted: Planted, mode: MemoryMode): Promise<void> {
  const { scenario, mutate, message, steps, deaths, mortal, timeouts } = planted
  const { violation } = explored(await loadModel({ entry, mutate }), {
    scenario,
    mode,
    deaths,
    mortal,
    timeouts,
  })
  if (violation === undefined) throw new Error(`not found: ${planted.bug}`)
  console.log(`${planted.bug}: ${violation.message}\n${violation.interleaving}`)
  expect(violation.message).toContain(message)
  let rest = violation.interleaving.replaceAll(/ +/g, ' ')
  for (const step of steps) {
    expect(rest).toContain(step)
    rest = rest.slice(rest.indexOf(step) + step.length)
  }
}

/** Expect a planted bug to be found where memory is weak, and not by interleaving alone. */
export async function expectFoundOnlyWeak(entry: URL, planted: Planted): Promise<void> {
  const { mutate, scenario } = planted
  expectSound(await loadModel({ entry, mutate }), { scenario, mode: 'sequential' })
  await expectFound(entry, planted, 'weak')
}

function explored(model: Model, options: ExploreOptions): Report {
  const start = performance.now()
  const report = explore(model, options)
  const { states, transitions, finals, histories, passes, violation } = report
  const ms = Math.round(performance.now() - start)
  const found = violation === undefined ? '' : ', violated'
  console.log(
    `${options.scenario}, ${options.mode}: ${states} states, ${transitions} transitions, ${finals} finals, ` +
      `${histories} histories, ${passes} passes, ${ms} ms${found}`,
  )
  return report
}

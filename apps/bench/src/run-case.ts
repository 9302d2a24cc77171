import type { BenchCase, Figure, Setting, System } from './bench-case.js'
import { requirementsOf } from './requirements.js'
import { median } from './statistics.js'

/** A metric of one system over all rounds. */
export interface Series {
  readonly metric: string
  readonly unit: string
  readonly values: readonly number[]
  readonly median: number
}

/** What came of one system in a case. */
export interface SystemResult {
  readonly system: string
  readonly series: readonly Series[]
}

/** What came of a case. */
export interface CaseResult {
  readonly benchCase: BenchCase
  readonly systems: readonly SystemResult[]
  /** What went wrong, in one line each. */
  readonly problems: readonly string[]
}

/**
 * Run one case: every system in turn, round after round, so that what else the machine does meets all of them. A system
 * that fails is left out from then on.
 *
 * @throws the reason of the setting's signal.
 */
export async function runCase(
  benchCase: BenchCase,
  rounds: number,
  setting: Setting,
  onTurn: (round: number, system: string) => void,
): Promise<CaseResult> {
  const systems = benchCase.systems.filter(
    (system) => !requirementsOf(system).some((need) => setting.missing.has(need)),
  )
  const measured = new Map<System, Figure[][]>(systems.map((system) => [system, []]))
  const problems: string[] = []
  for (let round = 1; round <= rounds; round++) {
    for (const [system, runs] of measured) {
      onTurn(round, system.name)
      try {
        runs.push([...(await system.measure(setting))])
      } catch (error) {
        setting.signal.throwIfAborted()
        measured.delete(system)
        problems.push(
          `${benchCase.name}: ${system.name}: ${error instanceof Error ? error.message : String(error)}`,
        )
      }
    }
  }
  const results = [...measured].map(([{ name }, runs]) => ({ system: name, series: seriesOf(runs) }))
  return { benchCase, systems: results, problems }
}

function seriesOf(runs: readonly (readonly Figure[])[]): Series[] {
  const [first = []] = runs
  return first.map(({ metric, unit }, index) => {
    const values = runs.map((figures) => figures[index]?.value ?? Number.NaN)
    return { metric, unit, values, median: median(values) }
  })
}

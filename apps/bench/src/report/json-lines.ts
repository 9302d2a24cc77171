import { describeMachine, type Machine } from '../machine.js'
import type { CaseResult } from '../run-case.js'

/** What each line of `--json` is. */
export interface JsonLine {
  readonly case: string
  readonly system: string
  readonly metric: string
  readonly value: number
  readonly unit: string
}

/** The first line: what the figures are from, and how busy it was. */
export function machineLine(machine: Machine): JsonLine {
  return {
    case: 'machine',
    system: describeMachine(machine),
    metric: 'load average',
    value: machine.load,
    unit: 'processes',
  }
}

/** The medians of a case. */
export function caseLines({ benchCase, systems }: CaseResult): JsonLine[] {
  return systems.flatMap(({ system, series }) =>
    series.map(({ metric, median, unit }) => ({
      case: benchCase.name,
      system,
      metric,
      value: median,
      unit,
    })),
  )
}

/** Lines as they are printed. */
export function renderLines(lines: readonly JsonLine[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('')
}

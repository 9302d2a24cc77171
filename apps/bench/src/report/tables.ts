import Table from 'cli-table3'
import type { BenchCase, Target } from '../bench-case.js'
import type { CaseResult, Series, SystemResult } from '../run-case.js'
import { compact, threeDigits } from './figures.js'

/** No lines, only space between the columns. */
const PLAIN = {
  chars: {
    top: '',
    'top-mid': '',
    'top-left': '',
    'top-right': '',
    bottom: '',
    'bottom-mid': '',
    'bottom-left': '',
    'bottom-right': '',
    left: '',
    'left-mid': '',
    mid: '',
    'mid-mid': '',
    right: '',
    'right-mid': '',
    middle: '  ',
  },
  style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
}

/** A table of the medians of a case. */
export function caseTable({ benchCase, systems }: CaseResult): string {
  const series = systems[0]?.series ?? []
  const units = series.map(({ metric, unit }) => (metric === 'rate' ? unit : `${metric} ${unit}`))
  const ratio = benchCase.reference === undefined ? [] : [`ratio to ${benchCase.reference}`]
  const head = ['system', ...units, 'rounds from .. to', ...ratio]
  const table = new Table({ ...PLAIN, head, colAligns: head.map((_, i) => (i === 0 ? 'left' : 'right')) })
  for (const result of systems) {
    const medians = result.series.map(({ median }) => compact(median))
    const achieved = ratioOf(systems, result.system, benchCase.reference)
    table.push([
      result.system,
      ...medians,
      rangeOf(result.series[0]),
      ...ratio.map(() => formatRatio(achieved)),
    ])
  }
  return `${benchCase.name}: ${benchCase.about}\n${ruled(table)}`
}

/** A table of what was to be reached, and whether it was; `undefined` when nothing was. */
export function targetTable(results: readonly CaseResult[]): string | undefined {
  const head = ['case', 'target', 'reached', '']
  const table = new Table({ ...PLAIN, head, colAligns: ['left', 'left', 'right', 'left'] })
  for (const { benchCase, systems } of results) {
    for (const target of benchCase.targets) table.push(targetRow(benchCase, target, systems))
  }
  return table.length === 0 ? undefined : ruled(table)
}

function targetRow({ name }: BenchCase, target: Target, systems: readonly SystemResult[]): string[] {
  const { system, than, bound, ratio } = target
  const achieved = ratioOf(systems, system, than)
  const text = `${system} ${bound === 'at least' ? '>=' : '<='} ${ratio} x ${than}`
  if (achieved === undefined) return [name, text, '-', 'not measured']
  const met = bound === 'at least' ? achieved >= ratio : achieved <= ratio
  return [name, text, formatRatio(achieved), met ? 'met' : 'missed']
}

/** How systems compare by the first metric. */
function ratioOf(
  systems: readonly SystemResult[],
  system: string,
  than: string | undefined,
): number | undefined {
  const medianOf = (name: string | undefined): number | undefined =>
    systems.find((result) => result.system === name)?.series[0]?.median
  const value = medianOf(system)
  const reference = medianOf(than)
  return value === undefined || reference === undefined ? undefined : value / reference
}

function formatRatio(ratio: number | undefined): string {
  return ratio === undefined ? '-' : `${threeDigits(ratio)}x`
}

function rangeOf(series: Series | undefined): string {
  if (series === undefined) return ''
  return `${compact(Math.min(...series.values))} .. ${compact(Math.max(...series.values))}`
}

/** The table with a line below its head; the library draws one below every row, or none. */
function ruled(table: Table.Table): string {
  const lines = table.toString().split('\n')
  const width = Math.max(...lines.map((line) => line.length))
  return lines.toSpliced(1, 0, '─'.repeat(width)).join('\n')
}

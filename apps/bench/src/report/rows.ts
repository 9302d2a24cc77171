import {
  type BenchDocument,
  type CaseDocument,
  type MetricDocument,
  primaryOf,
  ratioOf,
  type TargetDocument,
} from './document.js'
import { compact, threeDigits } from './figures.js'

/** A table of texts, however it is drawn. */
export interface Rows {
  readonly head: readonly string[]
  readonly align: readonly ('left' | 'right')[]
  readonly rows: readonly (readonly string[])[]
}

/** The medians of a case, the lowest and highest round, and the ratios to its reference. */
export function caseRows(measured: CaseDocument): Rows {
  const { systems, reference } = measured
  const metrics = systems[0]?.metrics ?? []
  const units = metrics.map(({ metric, unit }) => (metric === 'rate' ? unit : `${metric} ${unit}`))
  const ratio = reference === undefined ? [] : [`ratio to ${reference}`]
  const head = ['system', ...units, 'rounds from .. to', ...ratio]
  return {
    head,
    align: head.map((_, column) => (column === 0 ? 'left' : 'right')),
    rows: systems.map(({ system, metrics: own }) => [
      system,
      ...own.map(({ median }) => compact(median)),
      rangeOf(own[0]),
      ...ratio.map(() => formatRatio(ratioOf(measured, system, reference))),
    ]),
  }
}

/** What was to be reached, and whether it was; without rows when nothing was. */
export function targetRows(cases: readonly CaseDocument[]): Rows {
  return {
    head: ['case', 'target', 'reached', ''],
    align: ['left', 'left', 'right', 'left'],
    rows: cases.flatMap(({ name, targets }) =>
      targets.map((target) => [name, describeTarget(target), formatRatio(target.reached), verdictOn(target)]),
    ),
  }
}

/** The same, with the medians and rounds of both sides: what the README shows. */
export function comparisonRows({ cases }: Pick<BenchDocument, 'cases'>): Rows {
  return {
    head: ['case', 'ours', '', 'compared with', '', 'ratio', 'to reach', ''],
    align: ['left', 'left', 'right', 'left', 'right', 'right', 'right', 'left'],
    rows: cases.flatMap(({ name, systems, targets }) =>
      targets.map((target) => {
        const { system, than, bound, ratio, reached } = target
        return [
          name,
          system,
          medianAndRange(primaryOf(systems, system)),
          than,
          medianAndRange(primaryOf(systems, than)),
          formatRatio(reached),
          `${bound === 'at least' ? '≥' : '≤'} ${ratio}x`,
          verdictOn(target),
        ]
      }),
    ),
  }
}

function describeTarget({ system, than, bound, ratio }: TargetDocument): string {
  return `${system} ${bound === 'at least' ? '>=' : '<='} ${ratio} x ${than}`
}

function verdictOn({ met }: TargetDocument): string {
  if (met === undefined) return 'not measured'
  return met ? 'met' : 'missed'
}

function formatRatio(ratio: number | undefined): string {
  return ratio === undefined ? '-' : `${threeDigits(ratio)}x`
}

function rangeOf(metric: MetricDocument | undefined): string {
  return metric === undefined ? '' : `${compact(metric.lowest)} .. ${compact(metric.highest)}`
}

function medianAndRange(metric: MetricDocument | undefined): string {
  if (metric === undefined) return '-'
  return `${compact(metric.median)} ${metric.unit} (${rangeOf(metric)})`
}

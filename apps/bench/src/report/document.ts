import type { BenchCase, Target } from '../bench-case.js'
import type { Machine } from '../machine.js'
import type { CaseResult, Series } from '../run-case.js'

/** A run, as `report.json` keeps it: what was measured, on what, and how far the rounds were apart. */
export interface BenchDocument {
  readonly machine: Machine
  /** When the run began, in ISO 8601. */
  readonly startedAt: string
  /** The tree that was measured, as `git describe` names it; absent outside of a repository. */
  readonly commit?: string
  /** Versions of the peers, and of the programs that were used, by name. */
  readonly versions: Readonly<Record<string, string>>
  readonly rounds: number
  readonly seconds: number
  readonly cases: readonly CaseDocument[]
  /** What was not there, and what failed; one line each. */
  readonly absent: readonly string[]
  readonly problems: readonly string[]
}

/** A case in {@link BenchDocument}. */
export interface CaseDocument extends Pick<BenchCase, 'name' | 'about'> {
  /** Ratios are to this system. */
  readonly reference?: string
  readonly systems: readonly SystemDocument[]
  readonly targets: readonly TargetDocument[]
}

/** A system in {@link CaseDocument}. */
export interface SystemDocument {
  readonly system: string
  readonly metrics: readonly MetricDocument[]
}

/** A metric of a system over all rounds. The first one of a system is the one that it is compared by. */
export interface MetricDocument extends Series {
  readonly lowest: number
  readonly highest: number
}

/** A ratio that DESIGN.md sets out to reach, and what was reached; absent where one of both was not measured. */
export interface TargetDocument extends Target {
  readonly reached?: number
  readonly met?: boolean
}

/** What came of a case, for all kinds of reports. */
export function caseDocument({ benchCase, systems }: CaseResult): CaseDocument {
  const { name, about, reference, targets } = benchCase
  const measured: CaseDocument = {
    name,
    about,
    ...(reference === undefined ? {} : { reference }),
    systems: systems.map(({ system, series }) => ({ system, metrics: series.map(metricDocument) })),
    targets: [],
  }
  return { ...measured, targets: targets.map((target) => targetDocument(target, measured)) }
}

/** How a system compares with another one by the first metric; `undefined` when one of them was not measured. */
export function ratioOf(
  { systems }: CaseDocument,
  system: string,
  than: string | undefined,
): number | undefined {
  const value = primaryOf(systems, system)?.median
  const reference = primaryOf(systems, than)?.median
  return value === undefined || reference === undefined ? undefined : value / reference
}

/** The metric that a system is compared by. */
export function primaryOf(
  systems: readonly SystemDocument[],
  name: string | undefined,
): MetricDocument | undefined {
  return systems.find(({ system }) => system === name)?.metrics[0]
}

function metricDocument(series: Series): MetricDocument {
  return { ...series, lowest: Math.min(...series.values), highest: Math.max(...series.values) }
}

function targetDocument(target: Target, measured: CaseDocument): TargetDocument {
  const { system, than, bound, ratio } = target
  const reached = ratioOf(measured, system, than)
  if (reached === undefined) return target
  return { ...target, reached, met: bound === 'at least' ? reached >= ratio : reached <= ratio }
}

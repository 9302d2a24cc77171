import type { Failure, InputSummary, OneWay, RoundTrip } from '../job.js'
import {
  baselineOf,
  bytesPerSecond,
  isIntact,
  type Machine,
  messagesPerSecond,
  type Result,
} from '../results.js'
import type { SizeResult } from '../sizes.js'
import type { Finding } from '../statements/statement.js'

/** The document that `--json` prints, and that the report holds. */
export interface ReportDocument {
  readonly machine: Machine
  readonly startedAt: string
  readonly seconds: number
  readonly input: InputSummary | undefined
  readonly transports: readonly TransportDocument[]
  /** What P2 aggregated, for one pass over the input. */
  readonly aggregate: {
    readonly groupCount: number
    readonly groups: readonly { readonly key: string; readonly count: number; readonly mean: number | null }[]
  } | null
  /** What is known of the statements about both models; empty when none was asked for. */
  readonly statements: readonly Finding[]
}

/** One transport in {@link ReportDocument}: figures, or why there are none. */
export type TransportDocument =
  | { readonly id: string; readonly label: string; readonly failure: Failure }
  | {
      readonly id: string
      readonly label: string
      readonly p2: 'process' | 'thread'
      readonly intact: boolean
      readonly messagesPerSecond: number
      /** Messages/s compared with `process.send`; `null` when that did not run. */
      readonly ratio: number | null
      readonly bytesPerSecond: number
      readonly roundTrip: RoundTrip
      readonly sizes: readonly SizeResult[]
      readonly setUpMs: number | null
      readonly records: OneWay
      readonly blocks: OneWay
    }

/** What {@link reportDocument} makes a document of. */
export interface RunFacts {
  readonly results: readonly Result[]
  readonly seconds: number
  readonly machine: Machine
  readonly startedAt: Date
  readonly findings: readonly Finding[]
}

/** The results for programs, and for the report. */
export function reportDocument({ results, seconds, machine, startedAt, findings }: RunFacts): ReportDocument {
  const first = results.find(({ run }) => run !== undefined)?.run
  const baseline = baselineOf(results)
  return {
    machine,
    startedAt: startedAt.toISOString(),
    seconds,
    input: first?.input,
    transports: results.map((result) => transportDocument(result, baseline)),
    aggregate:
      first === undefined
        ? null
        : {
            groupCount: first.aggregate.groupCount,
            groups: first.aggregate.groups.map(({ key, count, sum, valued }) => ({
              key,
              count,
              mean: valued === 0 ? null : sum / valued,
            })),
          },
    statements: findings,
  }
}

function transportDocument(
  { transport, run, failure }: Result,
  baseline: number | undefined,
): TransportDocument {
  const { id, label, p2 } = transport
  if (run === undefined) {
    return { id, label, failure: failure ?? { code: undefined, message: 'not run' } }
  }
  const { records, blocks, roundTrip, sizes } = run
  const rate = messagesPerSecond(run)
  return {
    id,
    label,
    p2,
    intact: isIntact(run),
    messagesPerSecond: rate,
    ratio: baseline === undefined ? null : rate / baseline,
    bytesPerSecond: bytesPerSecond(run),
    roundTrip,
    sizes,
    setUpMs: run.setUpMs ?? null,
    records,
    blocks,
  }
}

import type { Failure, InputSummary, OneWay } from '../job.js'
import {
  baselineOf,
  bytesPerSecond,
  isIntact,
  type Machine,
  messagesPerSecond,
  type Result,
} from '../results.js'

/** The document that `--json` prints. */
export interface ReportDocument {
  readonly machine: Machine
  readonly seconds: number
  readonly input: InputSummary | undefined
  readonly transports: readonly TransportDocument[]
  /** What P2 aggregated, for one pass over the input. */
  readonly aggregate: {
    readonly groupCount: number
    readonly groups: readonly { readonly key: string; readonly count: number; readonly mean: number | null }[]
  } | null
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
      readonly roundTrip: { readonly trips: number; readonly p50Micros: number; readonly p99Micros: number }
      readonly setUpMs: number | null
      readonly records: OneWay
      readonly blocks: OneWay
    }

/** The results for programs. */
export function reportDocument(
  results: readonly Result[],
  seconds: number,
  machine: Machine,
): ReportDocument {
  const first = results.find(({ run }) => run !== undefined)?.run
  const baseline = baselineOf(results)
  return {
    machine,
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
  const { records, blocks, roundTrip } = run
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
    setUpMs: run.setUpMs ?? null,
    records,
    blocks,
  }
}

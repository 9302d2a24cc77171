import type { Dataset } from './dataset.js'
import type { Aggregate, OneWay, P1Job, P1Report, P2Job, Phase, TransportRun } from './job.js'
import type { Link } from './link.js'
import { median, percentile, startUsage } from './measure.js'
import type { P2Handle } from './p2-handle.js'
import { runPhase } from './run-phase.js'
import type { Sequence } from './sequence.js'
import type { Received } from './sink.js'
import { measureSizes, type SizeResult } from './sizes.js'
import { findTransport } from './transports/index.js'
import { pingPong, stream } from './workload.js'

/** Round trips that are measured. */
const TRIPS = 2000
/** Round trips before those, until the machine code is there. */
const WARM_UP_TRIPS = 1000
/** What is kept of their distribution. */
const PERCENTS = [0, 1, 5, 25, 50, 75, 95, 99, 99.9, 100]
/** Least time between two reports of progress. */
const PROGRESS_MS = 100

/** Who watches a run. */
export interface RunObserver {
  tell(report: P1Report): void
  started(p2: P2Handle): void
}

/** Run the phases over one transport. */
export async function runTransport(
  job: P1Job,
  dataset: Dataset,
  observer: RunObserver,
): Promise<TransportRun> {
  const { connects } = findTransport(job.transport)
  const records = await oneWay(job, dataset, 'records', observer)
  const blocks = await oneWay(job, dataset, 'blocks', observer)
  const { micros, setUpMs } = await roundTrips(job, dataset, observer)
  const sizes = job.sizes ? await allSizes(job, dataset, observer) : undefined
  return {
    input: {
      name: dataset.name,
      format: dataset.format,
      shape: dataset.shape,
      messages: dataset.records.messages.length,
      bytes: dataset.records.bytes.length,
    },
    records: records.result,
    blocks: blocks.result,
    roundTrip: {
      trips: micros.length,
      p50Micros: percentile(micros, 0.5),
      p99Micros: percentile(micros, 0.99),
      percentiles: PERCENTS.map((percent) => ({ percent, micros: percentile(micros, percent / 100) })),
    },
    sizes: sizes?.results ?? [],
    setUpMs: connects
      ? median([records.setUpMs, blocks.setUpMs, setUpMs, ...(sizes === undefined ? [] : [sizes.setUpMs])])
      : undefined,
    aggregate: perRound(records.received, records.result.rounds),
  }
}

interface OneWayRun {
  readonly result: OneWay
  readonly received: Received
  readonly setUpMs: number
}

function oneWay(
  job: P1Job,
  dataset: Dataset,
  phase: 'records' | 'blocks',
  observer: RunObserver,
): Promise<OneWayRun> {
  const sequence: Sequence = dataset[phase]
  return runPhase(
    p2Job(job, dataset, phase),
    observer.started,
    async ({ p2: handle, link, setUpMs, confirmed }) => {
      tellPhase(phase, handle, observer)
      const tellProgress = progressOf(phase, job.seconds, observer)
      const usage = startUsage()
      const start = performance.now()
      const sent = await stream(link, sequence, job.seconds, tellProgress)
      const { received, usage: p2 } = await confirmed()
      const seconds = (performance.now() - start) / 1000
      const result: OneWay = {
        messages: sent.messages,
        bytes: sent.bytes,
        rounds: sent.rounds,
        seconds,
        intact: sent.messages === received.messages && sent.digest === received.digest,
        sentDigest: sent.digest,
        receivedDigest: received.digest,
        received: received.messages,
        p1: usage(),
        p2: findTransport(job.transport).p2 === 'thread' ? undefined : p2,
      }
      return { result, received, setUpMs }
    },
  )
}

function roundTrips(
  job: P1Job,
  dataset: Dataset,
  observer: RunObserver,
): Promise<{ readonly micros: Float64Array; readonly setUpMs: number }> {
  const phase = 'round trips'
  return runPhase(p2Job(job, dataset, phase), observer.started, async ({ p2, link, setUpMs, confirmed }) => {
    tellPhase(phase, p2, observer)
    const micros = await pingPong(link, dataset.records.messages, WARM_UP_TRIPS, TRIPS)
    await confirmed()
    observer.tell({ type: 'progress', phase, fraction: 1, messages: WARM_UP_TRIPS + TRIPS })
    return { micros, setUpMs }
  })
}

function allSizes(
  job: P1Job,
  dataset: Dataset,
  observer: RunObserver,
): Promise<{ readonly results: SizeResult[]; readonly setUpMs: number }> {
  const phase = 'sizes'
  return runPhase(p2Job(job, dataset, phase), observer.started, async ({ p2, link, setUpMs, confirmed }) => {
    tellPhase(phase, p2, observer)
    const tell = (fraction: number): void => observer.tell({ type: 'progress', phase, fraction, messages: 0 })
    const results = await measureSizes(link as Link<Uint8Array>, job.seconds, tell)
    await confirmed()
    return { results, setUpMs }
  })
}

function p2Job({ transport, scratch }: P1Job, { shape }: Dataset, phase: Phase): P2Job {
  return { transport, phase, shape, scratch }
}

function tellPhase(phase: Phase, { where }: P2Handle, observer: RunObserver): void {
  const p2 = where.kind === 'process' ? where.child.pid : undefined
  observer.tell({ type: 'phase', phase, p1: process.pid, p2 })
}

function progressOf(phase: Phase, seconds: number, observer: RunObserver): (messages: number) => void {
  const start = performance.now()
  let last = start
  return (messages) => {
    const now = performance.now()
    if (now - last < PROGRESS_MS) return
    last = now
    // Only complete rounds count: the last one may take longer than was asked for.
    const fraction = Math.min(0.99, (now - start) / (seconds * 1000))
    observer.tell({ type: 'progress', phase, fraction, messages })
  }
}

/** P2 saw the input `rounds` times. */
function perRound({ groups, groupCount }: Received, rounds: number): Aggregate {
  return {
    groups: groups.map((group) => ({
      key: group.key,
      count: group.count / rounds,
      sum: group.sum / rounds,
      valued: group.valued / rounds,
    })),
    groupCount,
  }
}

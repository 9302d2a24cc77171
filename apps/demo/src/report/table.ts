import Table from 'cli-table3'
import { compact, grouped, threeDigits } from '../figures.js'
import type { Failure, TransportRun } from '../job.js'
import type { Usage } from '../measure.js'
import {
  baselineOf,
  bytesPerSecond,
  isIntact,
  type Machine,
  messagesPerSecond,
  type Result,
} from '../results.js'
import { describeAggregate } from '../shape.js'
import { PLAIN, ruled } from './plain-table.js'

/** Rows of the aggregate that are shown. */
const SHOWN_GROUPS = 6

/** The results as a person reads them, at most 120 columns wide. */
export function renderReport(results: readonly Result[], seconds: number, machine: Machine): string {
  const first = results.find(({ run }) => run !== undefined)?.run
  const { node, platform, cores, cpu, load } = machine
  const parts = [`Node ${node}, ${platform}, ${cores} x ${cpu}, load ${load.toFixed(1)} before the run`]
  parts.push(transportTable(results))
  if (first !== undefined) parts.push(notes(results, first, seconds), aggregateTable(first))
  return `${parts.join('\n\n')}\n`
}

function transportTable(results: readonly Result[]): string {
  const head = [
    'transport',
    'messages\n/s',
    'ratio',
    'MB/s',
    'p50 us',
    'p99 us',
    'set-up\nms',
    'CPU s\nP1 / P2',
    'waits\nP1 / P2',
    'preempted\nP1 / P2',
    'intact',
  ]
  const table = new Table({
    ...PLAIN,
    head,
    colAligns: head.map((_, i) => (i === 0 || i === head.length - 1 ? 'left' : 'right')),
  })
  const baseline = baselineOf(results)
  for (const { transport, run, failure } of results) {
    if (run === undefined) {
      table.push([transport.label, { colSpan: head.length - 1, content: reasonOf(failure) }])
    } else {
      table.push([transport.label, ...figures(run, baseline)])
    }
  }
  return ruled(table, 2)
}

/** In what is left of the row. */
function reasonOf(failure: Failure | undefined): string {
  const reason = failure === undefined ? 'failed' : `${failure.code ?? 'failed'}: ${failure.message}`
  return reason.length <= 90 ? reason : `${reason.slice(0, 89)}…`
}

function figures(run: TransportRun, baseline: number | undefined): string[] {
  const { p1, p2 } = run.records
  const both = (figure: (usage: Usage) => string): string =>
    p2 === undefined ? `${figure(p1)} both` : `${figure(p1)} / ${figure(p2)}`
  return [
    compact(messagesPerSecond(run)),
    baseline === undefined ? '' : `${threeDigits(messagesPerSecond(run) / baseline)}x`,
    threeDigits(bytesPerSecond(run) / 1e6),
    threeDigits(run.roundTrip.p50Micros),
    threeDigits(run.roundTrip.p99Micros),
    run.setUpMs === undefined ? '-' : threeDigits(run.setUpMs),
    both((usage) => usage.cpuSeconds.toFixed(2)),
    both((usage) => compact(usage.voluntarySwitches)),
    both((usage) => compact(usage.involuntarySwitches)),
    isIntact(run) ? 'yes' : 'NO',
  ]
}

function notes(results: readonly Result[], { input, roundTrip }: TransportRun, seconds: number): string {
  const noun = describeAggregate(input.shape).noun
  const lines = [
    `messages/s: the ${grouped(input.messages)} ${noun} of ${input.name}, again and again for ${seconds} s, from the first send until P2`,
    'confirmed the last. CPU and context switches (waits are voluntary, preempted is not) are of this phase; where P2 is a',
    `thread they are of the whole process. MB/s: the same for the ${input.shape.kind === 'flights' ? 'encoded records' : 'input'} in blocks of 64 KiB.`,
    `Round trips: ${grouped(roundTrip.trips)} single messages there and back. intact: P2 received what P1 sent, all of it, once and in order.`,
  ]
  if (baselineOf(results) !== undefined) {
    const json = input.shape.kind === 'bytes' ? 'advanced' : 'json for records, advanced for blocks'
    lines.push(`ratio: messages/s compared with node process.send (its faster serialization: ${json}).`)
  }
  return lines.join('\n')
}

function aggregateTable({ input, aggregate }: TransportRun): string {
  const { key, value, noun } = describeAggregate(input.shape)
  const table = new Table({
    ...PLAIN,
    head: [key, noun, ...(value === undefined ? [] : [value])],
    colAligns: ['left', 'right', 'right'],
  })
  const shown = aggregate.groups.slice(0, SHOWN_GROUPS)
  for (const group of shown) {
    const mean = group.valued === 0 ? '' : (group.sum / group.valued).toFixed(1)
    table.push([group.key, grouped(group.count), ...(value === undefined ? [] : [mean])])
  }
  const more = aggregate.groupCount - shown.length
  return ruled(table, 1) + (more > 0 ? `\n... and ${grouped(more)} more` : '')
}

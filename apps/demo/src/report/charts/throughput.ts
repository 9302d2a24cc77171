import { byteSize, threeDigits } from '../../figures.js'
import type { Curve } from '../../statements/crossover.js'
import type { ReportDocument } from '../json.js'
import type { Chart } from './chart.js'
import { type Lead, leadOf } from './lead.js'
import { drawLines } from './line-chart.js'
import { lookOf, type Measured, measuredOf } from './series.js'

const MEGA = 1e6

/** Throughput over the size of messages: one chart for pairs of processes, one for threads. */
export function throughputCharts({ transports }: ReportDocument): Chart[] {
  const measured = measuredOf(transports).filter(({ sizes }) => sizes.length > 0)
  return [
    throughputChart(
      'throughput-processes',
      'Throughput between two processes',
      measured.filter(({ p2 }) => p2 === 'process'),
    ),
    throughputChart(
      'throughput-threads',
      'Throughput between two threads',
      measured.filter(({ p2 }) => p2 === 'thread'),
    ),
  ].filter(({ table }) => table.head.length > 1)
}

function throughputChart(id: string, title: string, measured: readonly Measured[]): Chart {
  const lines = measured.map((transport) => ({
    look: lookOf(transport),
    points: transport.sizes.map(({ bytes, bytesPerSecond }) => ({ bytes, value: bytesPerSecond / MEGA })),
  }))
  const lead = leadIn(measured)
  const caption =
    'A stream of messages of one size at a time, from the first send until the receiver has confirmed the last. ' +
    (lead?.words ?? '')
  return {
    id,
    title,
    caption,
    draw: (width) =>
      drawLines(
        { label: `${title}: ${caption}`, xLabel: 'message size', yLabel: 'MB/s', lines, mark: lead?.mark },
        width,
      ),
    table: {
      head: ['message size', ...measured.map((transport) => `${lookOf(transport).short}, MB/s`)],
      rows: (measured[0]?.sizes ?? []).map(({ bytes }, row) => [
        byteSize(bytes),
        ...lines.map(({ points }) => threeDigits(points[row]!.value)),
      ]),
    },
  }
}

function leadIn(measured: readonly Measured[]): Lead | undefined {
  const isShared = ({ id }: Measured): boolean => id.startsWith('shm')
  const shared = measured.find(isShared)
  const passing = measured.filter((transport) => !isShared(transport))
  return shared === undefined || passing.length === 0
    ? undefined
    : leadOf(timesOf(shared), passing.map(timesOf))
}

/** Of one message in the stream. */
function timesOf({ sizes }: Measured): Curve {
  return sizes.map(({ bytes, bytesPerSecond }) => [bytes, bytes / bytesPerSecond])
}

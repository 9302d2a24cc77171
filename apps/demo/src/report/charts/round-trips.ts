import { dot, ruleY, text, tickX } from '@observablehq/plot'
import { threeDigits } from '../../figures.js'
import type { ReportDocument } from '../json.js'
import type { Chart } from './chart.js'
import { drawRows } from './row-chart.js'
import { lookOf, type Measured, measuredOf } from './series.js'

const TITLE = 'Round trips'

/** How long a message there and back takes: the whole distribution for each transport. */
export function roundTripChart({ transports }: ReportDocument): Chart | undefined {
  const measured = measuredOf(transports)
  if (measured.length === 0) return undefined
  const { trips } = measured[0]!.roundTrip
  const caption =
    `${trips} single messages there and back. The thick line has the middle half of them, the thin one 98 %; the tick and the ` +
    'number are the median, the cross is exceeded by one in a thousand.'
  const rows = measured.map(rowOf)
  const micros = rows.flatMap(({ p1, p999 }) => [p1, p999])
  return {
    id: 'round-trips',
    title: TITLE,
    caption,
    draw: (width) =>
      drawRows(
        {
          label: `${TITLE}: ${caption}`,
          xLabel: 'microseconds',
          type: 'log',
          values: micros,
          names: rows.map(({ name }) => name),
          marks: [
            ruleY(rows, { y: 'name', x1: 'p1', x2: 'p99', stroke: 'colour', strokeWidth: 1.5 }),
            ruleY(rows, { y: 'name', x1: 'p25', x2: 'p75', stroke: 'colour', strokeWidth: 7 }),
            tickX(rows, { y: 'name', x: 'p50', stroke: 'currentColor', strokeWidth: 2.5 }),
            dot(rows, { y: 'name', x: 'p999', stroke: 'colour', symbol: 'times', r: 4, strokeWidth: 1.8 }),
            text(rows, {
              y: 'name',
              x: 'p999',
              text: 'median',
              dx: 10,
              textAnchor: 'start',
              fill: 'currentColor',
            }),
          ],
        },
        width,
      ),
    table: {
      head: [
        'transport',
        ...(measured[0]?.roundTrip.percentiles ?? []).map(({ percent }) => nameOf(percent)),
      ],
      rows: measured.map(({ label, roundTrip }) => [
        label,
        ...roundTrip.percentiles.map(({ micros }) => threeDigits(micros)),
      ]),
    },
  }
}

interface Row {
  readonly name: string
  readonly colour: string
  readonly median: string
  readonly p1: number
  readonly p25: number
  readonly p50: number
  readonly p75: number
  readonly p99: number
  readonly p999: number
}

function rowOf(transport: Measured): Row {
  const { label: name, roundTrip } = transport
  const at = (wanted: number): number =>
    roundTrip.percentiles.find(({ percent }) => percent === wanted)?.micros ?? Number.NaN
  return {
    name,
    colour: lookOf(transport).colour,
    median: `${threeDigits(at(50))} µs`,
    p1: at(1),
    p25: at(25),
    p50: at(50),
    p75: at(75),
    p99: at(99),
    p999: at(99.9),
  }
}

function nameOf(percent: number): string {
  if (percent === 0) return 'least, µs'
  return percent === 100 ? 'most, µs' : `p${percent}, µs`
}

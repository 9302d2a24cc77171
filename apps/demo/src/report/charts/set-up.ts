import { dot, text } from '@observablehq/plot'
import { threeDigits } from '../../figures.js'
import type { Measurement } from '../../statements/statement.js'
import type { ReportDocument } from '../json.js'
import type { Chart } from './chart.js'
import { drawRows } from './row-chart.js'

const TITLE = 'Setting a connection up'

/** How long it takes until a connection is open, between new processes and later on. */
export function setUpChart({ statements }: ReportDocument): Chart | undefined {
  const found = statements.find(({ number }) => number === 13)?.measurements ?? []
  if (found.length === 0) return undefined
  const caption =
    'From connect until open. Circles: between new processes, median over the phases. Diamonds: later connections of the same two processes.'
  const rows = found.map(rowOf)
  const values = rows.map(({ value }) => value)
  const names = [...new Set(rows.map(({ name }) => name))]
  return {
    id: 'set-up',
    title: TITLE,
    caption,
    draw: (width) =>
      drawRows(
        {
          label: `${TITLE}: ${caption}`,
          xLabel: 'milliseconds',
          type: 'log',
          values,
          names,
          marks: [
            dot(rows, {
              y: 'name',
              x: 'value',
              symbol: 'symbol',
              fill: 'colour',
              stroke: 'colour',
              r: 5,
            } as never),
            text(rows, {
              y: 'name',
              x: 'value',
              text: 'shown',
              dx: 10,
              textAnchor: 'start',
              fill: 'currentColor',
            }),
          ],
        },
        width,
      ),
    table: {
      head: ['connection', 'time, ms'],
      rows: found.map(({ metric, subject, value }) => [`${subject}: ${metric}`, threeDigits(value)]),
    },
  }
}

interface Row {
  readonly name: string
  readonly value: number
  readonly shown: string
  readonly symbol: string
  readonly colour: string
}

function rowOf({ metric, subject, value }: Measurement): Row {
  const later = metric.endsWith('later ones')
  return {
    name: subject === 'shm' ? 'shm (processes)' : subject,
    value,
    shown: threeDigits(value),
    symbol: later ? 'diamond' : 'circle',
    colour: subject.startsWith('shm') ? 'var(--shared)' : 'var(--second)',
  }
}

import { barX, text } from '@observablehq/plot'
import type { ReportDocument } from '../json.js'
import type { Chart } from './chart.js'
import { drawRows } from './row-chart.js'

const TITLE = 'System calls per message'

/** What each way to pass a message costs in system calls, of both sides together. */
export function systemCallChart({ statements }: ReportDocument): Chart | undefined {
  const found = statements.find(({ number }) => number === 2)?.measurements ?? []
  if (found.length === 0) return undefined
  const caption = 'Counted by strace, of both processes and all their threads, without what is done once.'
  const rows = found.map(({ subject, value }) => ({
    name: subject,
    value,
    shown: calls(value),
    colour: subject.startsWith('shared memory') ? 'var(--shared)' : 'var(--second)',
  }))
  return {
    id: 'system-calls',
    title: TITLE,
    caption,
    draw: (width) =>
      drawRows(
        {
          label: `${TITLE}: ${caption}`,
          xLabel: 'calls per message',
          type: 'linear',
          values: rows.map(({ value }) => value),
          names: rows.map(({ name }) => name),
          marks: [
            barX(rows, { y: 'name', x: 'value', fill: 'colour' }),
            text(rows, {
              y: 'name',
              x: 'value',
              text: 'shown',
              dx: 6,
              textAnchor: 'start',
              fill: 'currentColor',
            }),
          ],
        },
        width,
      ),
    table: { head: ['way', 'calls per message'], rows: rows.map(({ name, shown }) => [name, shown]) },
  }
}

/** Four places, and none where there are none. */
function calls(value: number): string {
  return value === 0 ? '0' : value < 0.1 ? value.toFixed(4) : value.toFixed(2)
}

import { byteSize, threeDigits } from '../../figures.js'
import type { Curve } from '../../statements/crossover.js'
import type { Measurement } from '../../statements/statement.js'
import type { ReportDocument } from '../json.js'
import type { Chart } from './chart.js'
import { leadOf } from './lead.js'
import { drawLines } from './line-chart.js'
import { lookOf } from './series.js'

const TITLE = 'From nothing to delivered'

/** What was measured, and which transport it looks like. */
const SHARED = { subject: 'shared memory', id: 'shm' }
const PASSING = [
  { subject: 'net (unix)', id: 'net-unix' },
  { subject: 'net (tcp)', id: 'net-tcp' },
]

/** The time until an amount has arrived, set-up included: where shared memory begins to pay. */
export function firstDeliveryChart({ statements }: ReportDocument): Chart | undefined {
  const found = statements.find(({ number }) => number === 4)?.measurements ?? []
  if (found.length === 0) return undefined
  const ways = [SHARED, ...PASSING].map(({ subject, id }) => {
    const first = curveOf(found, subject, 'first delivery')
    return {
      name: subject,
      first,
      further: curveOf(found, subject, 'further delivery'),
      look: { ...lookOf({ id, label: subject }), short: subject.replace(/shared |[()]/g, '') },
      points: first.map(([bytes, value]) => ({ bytes, value })),
    }
  })
  const [shared, ...passing] = ways
  const lead = leadOf(
    shared!.first,
    passing.map(({ first }) => first),
  )
  const caption =
    'Time to connect, in shared memory or over a socket, and until another process has this amount and says so. ' +
    lead.words
  return {
    id: 'first-delivery',
    title: TITLE,
    caption,
    draw: (width) =>
      drawLines(
        { label: `${TITLE}: ${caption}`, xLabel: 'amount', yLabel: 'ms', lines: ways, mark: lead.mark },
        width,
      ),
    table: {
      head: ['amount', ...ways.flatMap(({ name }) => [`${name}, first, ms`, `${name}, further, ms`])],
      rows: shared!.first.map(([bytes], row) => [
        byteSize(bytes),
        ...ways.flatMap(({ first, further }) => [first, further].map((curve) => threeDigits(curve[row]![1]))),
      ]),
    },
  }
}

function curveOf(found: readonly Measurement[], of: string, what: string): Curve {
  return found.flatMap(({ metric, subject, bytes, value }) =>
    metric === what && subject === of && bytes !== undefined ? [[bytes, value] as const] : [],
  )
}

import { compact, threeDigits } from '../figures.js'
import { bytesPerSecond, messagesPerSecond, type Result } from '../results.js'
import { CannotShow, type Statement } from './statement.js'

/** Of both sides in processes of their own: messages pass the kernel. */
const SHARED = 'shm'

export const roles = {}

export const statement: Statement = {
  number: 3,
  title: 'Shared memory is the fastest; message passing is slower, since the kernel is involved.',
  isOfSpeed: true,
  async measure({ results }) {
    const between = results.filter(({ transport, run }) => transport.p2 === 'process' && run !== undefined)
    const shared = between.find(({ transport }) => transport.id === SHARED)
    const others = between.filter(({ transport }) => transport.id !== SHARED)
    if (shared === undefined || others.length === 0) {
      throw new CannotShow('shared memory or message passing between processes is not in this run')
    }
    const rate = comparison(shared, others, (result) => messagesPerSecond(result.run!))
    const bandwidth = comparison(shared, others, (result) => bytesPerSecond(result.run!))
    const trips = comparison(shared, others, (result) => 1 / result.run!.roundTrip.p50Micros)
    return {
      shown: rate.ahead && bandwidth.ahead && trips.ahead,
      figure:
        `${compact(rate.shared)} against ${compact(rate.best)} messages/s (${rate.label}), ` +
        `${threeDigits(bandwidth.shared / 1e6)} against ${threeDigits(bandwidth.best / 1e6)} MB/s (${bandwidth.label}), ` +
        `round trip ${threeDigits(1 / trips.shared)} against ${threeDigits(1 / trips.best)} us (${trips.label})`,
      how:
        `The demo sent the same records and blocks over shared memory and over ${others.length} ways of message passing ` +
        'between two processes, one after the other in this run; the best of those is named.',
      measurements: between.flatMap(({ transport: { label: subject }, run }) => [
        { metric: 'messages', subject, value: messagesPerSecond(run!), unit: 'per second' },
        { metric: 'blocks', subject, value: bytesPerSecond(run!), unit: 'bytes per second' },
        { metric: 'round trip, median', subject, value: run!.roundTrip.p50Micros, unit: 'us' },
      ]),
    }
  },
}

interface Comparison {
  readonly shared: number
  readonly best: number
  readonly label: string
  readonly ahead: boolean
}

/** Against the best of the others, by a figure that is to be large. */
function comparison(
  result: Result,
  others: readonly Result[],
  figure: (result: Result) => number,
): Comparison {
  const best = others.reduce((one, other) => (figure(other) > figure(one) ? other : one))
  const shared = figure(result)
  return { shared, best: figure(best), label: best.transport.label, ahead: shared > figure(best) }
}

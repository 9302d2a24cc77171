import { measureConnectionTrips } from '../connection-trips.js'
import type { Pair } from '../pair/pair.js'
import type { RoundTripShape } from '../round-trip.js'
import { acceptNear, connectFar } from './connect.js'

/** A connection to a worker thread. */
export const mqRoundTripWorker: Pair<RoundTripShape> = roundTrip('thread')
/** A connection to a child process. */
export const mqRoundTripChild: Pair<RoundTripShape> = roundTrip('process')

function roundTrip(far: 'process' | 'thread'): Pair<RoundTripShape> {
  return {
    far,
    async runNear(place, shape) {
      await place.fars[0]!.control.hear()
      return measureConnectionTrips(await connectFar(place.fars[0]!, 'bytes'), place, shape)
    },
    async runFar({ control }) {
      const accepted = acceptNear('bytes')
      control.tell('listening')
      const connection = await accepted
      connection.onMessage((message) => connection.send(message))
      await connection.closed
    },
  }
}

import { Check, Message } from '../message.js'
import type { Pair } from '../pair/pair.js'
import { measureTripsAsync, type RoundTripShape, TRIP_BYTES } from '../round-trip.js'
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
      const connection = await connectFar(place.fars[0]!, 'bytes')
      const message = new Message(TRIP_BYTES)
      const check = new Check(TRIP_BYTES)
      let arrived = (): void => {}
      connection.onMessage((echo) => {
        check.take(new Int32Array(echo.buffer, echo.byteOffset, TRIP_BYTES / 4), 0)
        arrived()
      })
      const { figures } = await measureTripsAsync(place, shape, (number) => {
        message.number(number)
        connection.send(message.bytes)
        return new Promise((resolve) => {
          arrived = resolve
        })
      })
      await connection.close()
      return figures
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

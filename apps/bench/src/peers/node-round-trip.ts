import { Check, Message } from '../message.js'
import type { Pair } from '../pair/pair.js'
import { measureTripsAsync, type RoundTripShape, TRIP_BYTES } from '../round-trip.js'

/** Node's `postMessage` between two threads, there and back. */
export const postMessageRoundTrip: Pair<RoundTripShape> = roundTrip('thread')
/** Node's `send` between a process and its child, with `advanced` serialization, there and back. */
export const processSendRoundTrip: Pair<RoundTripShape> = roundTrip('process')

function roundTrip(where: 'thread' | 'process'): Pair<RoundTripShape> {
  return {
    far: where,
    async runNear(place, shape) {
      const { control, worker, child } = place.fars[0]!
      await control.hear()
      const message = new Message(TRIP_BYTES)
      const check = new Check(TRIP_BYTES)
      let arrived = (): void => {}
      control.onData((echo) => {
        check.take(echo as Int32Array, 0)
        arrived()
      })
      const post = (): void => {
        if (worker !== undefined) worker.postMessage(message.words)
        else child!.send(message.words)
      }
      const { figures } = await measureTripsAsync(place, shape, (number) => {
        message.number(number)
        post()
        return new Promise((resolve) => {
          arrived = resolve
        })
      })
      control.tell('done')
      return figures
    },
    async runFar({ control }) {
      control.onData((message) => control.tell(message))
      control.tell('listening')
      await control.hear()
    },
  }
}

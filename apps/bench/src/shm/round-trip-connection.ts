import { bytes } from '@ipc/core'
import { shm } from '@ipc/shm'
import { Check, Message } from '../message.js'
import type { Pair } from '../pair/pair.js'
import { measureTripsAsync, type RoundTripShape, TRIP_BYTES } from '../round-trip.js'

const NAME = 'echo'

/** A connection of the transport between two processes. */
export const roundTripConnection: Pair<RoundTripShape> = {
  far: 'process',
  async runNear(place, shape) {
    await place.fars[0]!.control.hear()
    const connection = await shm({ directory: place.scratch }).connect<Uint8Array>(NAME, { codec: bytes() })
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
  async runFar({ scratch, control }) {
    const listener = await shm({ directory: scratch }).listen<Uint8Array>(NAME, { codec: bytes() })
    control.tell('listening')
    const connection = await listener.accept()
    connection.onMessage((message) => connection.send(message))
    await connection.closed
    await listener.close()
  },
}

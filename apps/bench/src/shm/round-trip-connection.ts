import { bytes } from '@ipc/core'
import { shm } from '@ipc/shm'
import { measureConnectionTrips } from '../connection-trips.js'
import type { Pair } from '../pair/pair.js'
import type { RoundTripShape } from '../round-trip.js'

const NAME = 'echo'

/** A connection of the transport between two processes. */
export const roundTripConnection: Pair<RoundTripShape> = {
  far: 'process',
  async runNear(place, shape) {
    await place.fars[0]!.control.hear()
    const transport = shm({ directory: place.scratch })
    const connection = await transport.connect<Uint8Array>(NAME, { codec: bytes() })
    return measureConnectionTrips(connection, place, shape)
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

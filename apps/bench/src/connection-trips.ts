import type { Connection } from '@ipc/core'
import type { Figure } from './bench-case.js'
import { Check, Message } from './message.js'
import type { NearPlace } from './pair/pair.js'
import { measureTripsAsync, type RoundTripShape, TRIP_BYTES } from './round-trip.js'

/** Measure round trips over a connection whose other end sends everything back, and close it. */
export async function measureConnectionTrips(
  connection: Connection<Uint8Array, Uint8Array>,
  place: NearPlace,
  shape: RoundTripShape,
): Promise<readonly Figure[]> {
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
}

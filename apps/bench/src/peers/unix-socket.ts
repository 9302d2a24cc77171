import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { Check, Message } from '../message.js'
import type { Pair } from '../pair/pair.js'
import { measureTripsAsync, type RoundTripShape, TRIP_BYTES } from '../round-trip.js'

const NAME = 'echo.sock'

/** A Unix socket between two processes, as node:net has it. */
export const unixSocketRoundTrip: Pair<RoundTripShape> = {
  far: 'process',
  async runNear(place, shape) {
    await place.fars[0]!.control.hear()
    const socket = connect(join(place.scratch, NAME))
    await once(socket, 'connect')
    const message = new Message(TRIP_BYTES)
    const echo = new Message(TRIP_BYTES)
    const check = new Check(TRIP_BYTES)
    let arrived = (): void => {}
    let filled = 0
    socket.on('data', (data) => {
      // A stream may bring part of a message.
      echo.bytes.set(data, filled)
      filled += data.length
      if (filled < TRIP_BYTES) return
      filled = 0
      check.take(echo.words, 0)
      arrived()
    })
    const { figures } = await measureTripsAsync(place, shape, (number) => {
      message.number(number)
      socket.write(message.bytes)
      return new Promise((resolve) => {
        arrived = resolve
      })
    })
    socket.destroy()
    return figures
  },
  async runFar({ scratch, control }) {
    const server = createServer()
    server.listen(join(scratch, NAME))
    await once(server, 'listening')
    control.tell('listening')
    const [socket] = (await once(server, 'connection')) as [Socket]
    socket.on('data', (data) => socket.write(data))
    await once(socket, 'close')
    server.close()
  },
}

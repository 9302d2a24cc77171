import { Piscina } from 'piscina'
import { Check, Message } from '../message.js'
import { entryPath } from '../pair/entry.js'
import type { Pair } from '../pair/pair.js'
import { measureTripsAsync, type RoundTripShape, TRIP_BYTES } from '../round-trip.js'

/** A task of a piscina with one thread, which returns what it is given. */
export const piscinaRoundTrip: Pair<RoundTripShape> = {
  far: 'thread',
  // It starts its own.
  fars: 0,
  async runNear(place, shape) {
    const pool = new Piscina({ filename: entryPath('piscina-task'), name: 'echo', maxThreads: 1 })
    const message = new Message(TRIP_BYTES)
    const check = new Check(TRIP_BYTES)
    const { figures } = await measureTripsAsync(place, shape, async (number) => {
      message.number(number)
      check.take((await pool.run(message.words)) as Int32Array, 0)
    })
    await pool.destroy()
    return figures
  },
  async runFar() {},
}

import { type Region, spscRing } from '@ipc/shm'
import { meetFars, meetNear, type Pair } from '../pair/pair.js'
import { measureTripsAsync, type RoundTripShape, TRIP_BYTES } from '../round-trip.js'
import { endRegion, joinRegion, makeRegion } from './region-link.js'
import { RingReader, RingWriter } from './ring-ends.js'

const RING_BYTES = 2 ** 20

/** Two rings between two processes whose event loops go on. */
export const roundTripAsync: Pair<RoundTripShape> = {
  far: 'process',
  async runNear(place, shape) {
    const region = makeRegion(place, 4 * RING_BYTES)
    const writer = new RingWriter(ringOf(region, 'there').producer(), TRIP_BYTES)
    const consumer = ringOf(region, 'back').consumer()
    const reader = new RingReader(consumer, TRIP_BYTES)
    await meetFars(place)
    const { figures, count } = await measureTripsAsync(place, shape, async (number) => {
      writer.put(number, true)
      await consumer.wait()
      reader.readHere()
    })
    writer.end(count)
    endRegion(region, place)
    return figures
  },
  async runFar(place) {
    const region = await joinRegion(place, 'process')
    const writer = new RingWriter(ringOf(region, 'back').producer(), TRIP_BYTES)
    const consumer = ringOf(region, 'there').consumer()
    const reader = new RingReader(consumer, TRIP_BYTES)
    await meetNear(place)
    for (let number = 0; ; number++) {
      await consumer.wait()
      if (!reader.readHere()) break
      writer.put(number, true)
    }
    region.close()
  },
}

function ringOf(region: Region, name: string): ReturnType<typeof spscRing> {
  return spscRing(region, name, { capacityBytes: RING_BYTES })
}

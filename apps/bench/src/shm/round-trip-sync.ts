import { type Region, spscRing } from '@ipc/shm'
import type { Pair } from '../pair/pair.js'
import { meetFars, meetNear } from '../pair/pair.js'
import { measureTrips, type RoundTripShape, TRIP_BYTES } from '../round-trip.js'
import { endRegion, joinRegion, makeRegion } from './region-link.js'
import { RingReader, RingWriter } from './ring-ends.js'

const RING_BYTES = 2 ** 20

/** How a message goes there and back while the threads wait for it. */
export interface SyncRoundTripShape extends RoundTripShape {
  readonly strategy: 'spin' | 'block'
}

/** Two rings between two processes whose threads do nothing else. */
export const roundTripSync: Pair<SyncRoundTripShape> = {
  far: 'process',
  async runNear(place, shape) {
    const region = makeRegion(place, 4 * RING_BYTES)
    const writer = writerOf(region, 'there')
    const reader = readerOf(region, 'back', shape)
    await meetFars(place)
    const { figures, count } = measureTrips(place, shape, (number) => {
      writer.put(number, true)
      reader.readNext()
    })
    writer.end(count)
    endRegion(region, place)
    return figures
  },
  async runFar(place, shape) {
    const region = await joinRegion(place, 'process')
    const writer = writerOf(region, 'back')
    const reader = readerOf(region, 'there', shape)
    await meetNear(place)
    for (let number = 0; reader.readNext(); number++) writer.put(number, true)
    region.close()
  },
}

function writerOf(region: Region, name: string): RingWriter {
  return new RingWriter(spscRing(region, name, { capacityBytes: RING_BYTES }).producer(), TRIP_BYTES)
}

function readerOf(region: Region, name: string, { strategy }: SyncRoundTripShape): RingReader {
  return new RingReader(
    spscRing(region, name, { capacityBytes: RING_BYTES }).consumer(),
    TRIP_BYTES,
    strategy,
  )
}

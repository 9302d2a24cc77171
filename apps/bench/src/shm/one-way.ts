import { spscRing } from '@ipc/shm'
import { measureOneWay, type OneWayShape, receiveOneWay, sendFor } from '../one-way.js'
import type { Pair } from '../pair/pair.js'
import { endRegion, joinRegion, makeRegion } from './region-link.js'
import { RingReader, RingWriter } from './ring-ends.js'

/** A ring between two processes. */
export const oneWayProcesses: Pair<OneWayShape> = oneWay('process')

/** The same between two threads. */
export const oneWayThreads: Pair<OneWayShape> = oneWay('thread')

function oneWay(far: 'process' | 'thread'): Pair<OneWayShape> {
  return {
    far,
    async runNear(place, shape) {
      const region = makeRegion(place, 2 * shape.capacityBytes)
      const ring = spscRing(region, 'there', { capacityBytes: shape.capacityBytes })
      const writer = new RingWriter(ring.producer(), shape.messageBytes)
      const figures = await measureOneWay(place, (seconds) => sendFor(seconds, shape, writer))
      endRegion(region, place)
      return figures
    },
    async runFar(place, shape) {
      const region = await joinRegion(place, far)
      const ring = spscRing(region, 'there', { capacityBytes: shape.capacityBytes })
      const reader = new RingReader(ring.consumer(), shape.messageBytes)
      await receiveOneWay(place, () => reader.readAll())
      region.close()
    },
  }
}

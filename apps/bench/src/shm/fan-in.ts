import { mpscRing, type RecordListener } from '@ipc/shm'
import { WARM_UP_SECONDS } from '../bench-case.js'
import { sharedMicros } from '../clock.js'
import { Check } from '../message.js'
import { type OneWayShape, sendFor } from '../one-way.js'
import { meetFars, meetNear, type Pair } from '../pair/pair.js'
import { endRegion, joinRegion, makeRegion } from './region-link.js'
import { RingWriter } from './ring-ends.js'

const PRODUCERS = 2
const SPIN = { strategy: 'spin', timeoutMs: 10_000 } as const

/** Two producers and one consumer, all of them processes. The consumer is the near side. */
export const fanIn: Pair<OneWayShape> = {
  far: 'process',
  fars: PRODUCERS,
  async runNear(place, { messageBytes, capacityBytes }) {
    const region = makeRegion(place, 2 * capacityBytes)
    const consumer = mpscRing(region, 'there', { capacityBytes }).consumer()
    let ended = 0
    let count = 0
    let words: Int32Array | undefined
    const checks = place.fars.map(() => new Check(messageBytes))
    const take: RecordListener = (bytes, start, _end, producer) => {
      words ??= new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
      if (checks[producer]!.take(words, start >> 2)) count++
      else ended++
    }
    const readAll = (): void => {
      count = 0
      for (ended = 0; ended < PRODUCERS; ) {
        if (consumer.read(take) === 0 && !consumer.waitSync(SPIN)) throw new Error('no message comes')
      }
    }
    await meetFars(place)
    readAll()
    await meetFars(place)
    readAll()
    const end = sharedMicros()
    const starts = (await Promise.all(place.fars.map((far) => far.control.hear()))) as number[]
    endRegion(region, place)
    return [{ metric: 'rate', value: count / ((end - Math.min(...starts)) / 1e6), unit: 'messages/s' }]
  },
  async runFar(place, shape) {
    const region = await joinRegion(place, 'process')
    const ring = mpscRing(region, 'there', { capacityBytes: shape.capacityBytes })
    const writer = new RingWriter(ring.producer(), shape.messageBytes, place.index)
    await meetNear(place)
    sendFor(WARM_UP_SECONDS, shape, writer)
    await meetNear(place)
    const start = sharedMicros()
    sendFor(place.seconds, shape, writer)
    place.control.tell(start)
    region.close()
  },
}

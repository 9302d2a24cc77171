import type { Region } from '../region/region.js'
import { MpscReader } from './mpsc-reader.js'
import { type Claimant, MpscWriter } from './mpsc-writer.js'
import { MPSC, placeRing } from './place-ring.js'
import type { Ring, RingOptions } from './ring.js'
import { RingConsumer } from './ring-consumer.js'
import { RingProducer } from './ring-producer.js'

/**
 * A ring with any number of producers and one consumer, in a region. Records of one producer arrive in the order it
 * wrote them, each once; those of several in the order of their claims. A producer between claim and commit holds back
 * the records claimed after its own: keep that short. If it dies there, the consumer steps over what it left, within a
 * tenth of a second; a process that is stopped is waited for. In a named region a thread claims one record of a ring at
 * a time, by whichever of its producers.
 *
 * Records take whole units of 64 bytes, so that producers do not share cache lines; one may have a quarter of the
 * capacity. `stage` finishes a record like `commit`, but wakes nobody.
 *
 * The protocol of Agrona's `ManyToOneRingBuffer`, with a lap stamp for each record (as the slots of the Disruptor have)
 * in place of filling with zeros what was read.
 *
 * @throws as `spscRing`.
 *
 * @example
 * ```ts
 * import { mpscRing, openRegion } from '@ipc/shm'
 *
 * // any number of processes
 * const log = mpscRing(openRegion('log', { bytes: 2 ** 22 }), 'lines').producer()
 * await log.write(new TextEncoder().encode('hello'))
 *
 * // one process
 * const lines = mpscRing(openRegion('log', { bytes: 2 ** 22 }), 'lines').consumer()
 * for await (const line of lines) console.log(new TextDecoder().decode(line))
 * ```
 */
export function mpscRing(region: Region, name: string, options: RingOptions = {}): Ring {
  const placed = placeRing(region, name, options, MPSC)
  const { buffer, offset, capacityBytes, maxRecordBytes, recordBytes } = placed
  return {
    name,
    capacityBytes,
    maxRecordBytes,
    recordBytes: recordBytes || undefined,
    producer() {
      const { region: inside } = placed
      const make = (claimant?: Claimant): MpscWriter =>
        new MpscWriter(buffer, offset, capacityBytes, claimant)
      // One for all producers of this thread, where a claim is known by who has made it.
      const writer = inside.provesLife
        ? inside.shared(`mpsc ring at ${offset}`, () => make(inside.self))
        : make()
      return new RingProducer({ ...placed, writer })
    },
    consumer() {
      const { participants, provesLife } = placed.region
      const living = provesLife ? participants : undefined
      return new RingConsumer({ ...placed, reader: new MpscReader(buffer, offset, capacityBytes, living) })
    },
  }
}

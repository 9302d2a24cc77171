import type { Region } from '../region/region.js'
import { placeRing, SPSC } from './place-ring.js'
import type { Ring, RingOptions } from './ring.js'
import { RingConsumer } from './ring-consumer.js'
import { RingProducer } from './ring-producer.js'
import { SpscReader } from './spsc-reader.js'
import { SpscWriter } from './spsc-writer.js'

/**
 * A ring with one producer and one consumer, in a region: the fastest way to move records between two threads or
 * processes. Whoever asks first creates it. Records arrive in order, each once.
 *
 * One side at a time may have a producer, one a consumer: a second one would corrupt the ring. A side that takes over
 * after the other has closed continues where that one stopped; records that a consumer had read stay read.
 *
 * The ring of cached indexes by Rigtorp and Folly, with padding at the wrap as in Agrona's `OneToOneRingBuffer`. A
 * record may have a quarter of the capacity.
 *
 * @throws TypeError | RangeError for a name or option that cannot be right. IpcError `IPC_PROTOCOL` when there is
 * another object of that name or a ring of another size; `IPC_OUT_OF_MEMORY` when the region is too small;
 * `IPC_CLOSED`.
 *
 * @example
 * ```ts
 * import { openRegion, spscRing } from '@ipc/shm'
 *
 * // one process
 * const region = openRegion('prices', { bytes: 2 ** 21 })
 * const producer = spscRing(region, 'ticks').producer()
 * const at = producer.tryClaim(16)
 * if (at >= 0) {
 *   const view = new DataView(producer.bytes.buffer, producer.bytes.byteOffset + at, 16)
 *   view.setFloat64(0, 99.5, true)
 *   producer.commit()
 * }
 *
 * // another process
 * const consumer = spscRing(openRegion('prices'), 'ticks').consumer()
 * await consumer.wait()
 * consumer.read((bytes, start, end) => {
 *   console.log(new DataView(bytes.buffer, bytes.byteOffset + start, end - start).getFloat64(0, true))
 * })
 * ```
 */
export function spscRing(region: Region, name: string, options: RingOptions = {}): Ring {
  const placed = placeRing(region, name, options, SPSC)
  const { buffer, offset, capacityBytes, maxRecordBytes, recordBytes } = placed
  return {
    name,
    capacityBytes,
    maxRecordBytes,
    recordBytes: recordBytes || undefined,
    producer: () => new RingProducer({ ...placed, writer: new SpscWriter(buffer, offset, capacityBytes) }),
    consumer: () => new RingConsumer({ ...placed, reader: new SpscReader(buffer, offset, capacityBytes) }),
  }
}

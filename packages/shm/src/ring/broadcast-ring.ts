import type { Region } from '../region/region.js'
import type { WaitEvent } from '../wait/wait-event.js'
import { BROADCAST_CONTROL_BYTES } from './broadcast-layout.js'
import { BroadcastReader } from './broadcast-reader.js'
import { BroadcastWriter, CHECK_MS } from './broadcast-writer.js'
import { HoldingReaders } from './holding-readers.js'
import { BROADCAST, placeRing } from './place-ring.js'
import type { Consumer, Producer, RingOptions } from './ring.js'
import { RingConsumer, type RingConsumerInit } from './ring-consumer.js'
import { RingProducer } from './ring-producer.js'

/** Options of `consumer` of a {@link BroadcastRing}. */
export interface BroadcastConsumerOptions {
  /**
   * Where to begin: with what is written from now on, or with the oldest that can be found (not with `overflow:
   * 'wait'`).
   *
   * @default 'latest'
   */
  readonly from?: 'latest' | 'oldest' | undefined
  /**
   * What happens when the producer is a whole ring ahead of this consumer. `drop-oldest`: the consumer loses the oldest
   * records, which it counts in `lost`. `wait`: the producer finds the ring full, until this consumer has read or its
   * process is gone. `disconnect`: reading throws `IPC_QUEUE_FULL`.
   *
   * @default 'drop-oldest'
   */
  readonly overflow?: 'drop-oldest' | 'wait' | 'disconnect' | undefined
}

/** One of the readers of a {@link BroadcastRing}. Records lie in a copy of its own, which the next call reuses. */
export interface BroadcastConsumer extends Consumer {
  /** Records that were written since this consumer began and that it did not get. Known once a later one is read. */
  readonly lost: number
  /** Read no more: what waits here ends with `IPC_CLOSED`, and the producer no longer waits for this consumer. */
  close(): void
}

/** A ring in a region that one producer writes and any number of consumers read, each of them every record. */
export interface BroadcastRing {
  readonly name: string
  readonly capacityBytes: number
  /** Longest payload of a record. */
  readonly maxRecordBytes: number
  /** Size of all records; `undefined` when they vary. */
  readonly recordBytes: number | undefined
  producer(): Producer
  consumer(options?: BroadcastConsumerOptions): BroadcastConsumer
}

/**
 * A ring with one producer and any number of consumers, in a region. Each consumer gets all records, in order, each
 * once; what it is too slow for, its `overflow` decides. The producer waits for nobody who has not asked for it.
 *
 * One side at a time may have the producer. A record may have an eighth of the capacity. At most 32 consumers can ask
 * the producer to wait.
 *
 * Agrona's broadcast protocol; consumers validate what they copied by a read-modify-write (Boehm, "Can seqlocks get
 * along with programming language memory models?", 2012).
 *
 * @throws as `spscRing`.
 *
 * @example
 * ```ts
 * import { broadcastRing, openRegion } from '@ipc/shm'
 *
 * // one process
 * const news = broadcastRing(openRegion('news', { bytes: 2 ** 21 }), 'headlines').producer()
 * news.tryWrite(new TextEncoder().encode('hello'))
 *
 * // any number of processes
 * const reader = broadcastRing(openRegion('news', { bytes: 2 ** 21 }), 'headlines').consumer({ from: 'oldest' })
 * for await (const headline of reader) console.log(new TextDecoder().decode(headline), reader.lost)
 * ```
 */
export function broadcastRing(region: Region, name: string, options: RingOptions = {}): BroadcastRing {
  const placed = placeRing(region, name, options, BROADCAST)
  const { buffer, offset, capacityBytes, maxRecordBytes, recordBytes } = placed
  const { participants } = placed.region
  const holding = new HoldingReaders(
    new Int32Array(buffer, offset, BROADCAST_CONTROL_BYTES / 4),
    participants,
  )
  return {
    name,
    capacityBytes,
    maxRecordBytes,
    recordBytes: recordBytes || undefined,
    producer: () =>
      new RingProducer({
        ...placed,
        writer: new BroadcastWriter(buffer, offset, capacityBytes, holding),
        checkMs: 2 * CHECK_MS,
      }),
    consumer(how = {}) {
      const { from = 'latest', overflow = 'drop-oldest' } = how
      checkOptions(from, overflow)
      const holds = overflow === 'wait'
      const reader = new BroadcastReader(buffer, offset, capacityBytes, {
        from,
        holdAs: holds ? placed.region.self.id : undefined,
        holding,
        failWhenLapped: overflow === 'disconnect',
      })
      return new BroadcastRingConsumer({ ...placed, reader }, holds)
    },
  }
}

class BroadcastRingConsumer extends RingConsumer implements BroadcastConsumer {
  readonly #reader: BroadcastReader
  readonly #room: WaitEvent
  #forget = (): void => {}

  constructor(init: RingConsumerInit & { readonly reader: BroadcastReader }, holds: boolean) {
    super(init)
    this.#reader = init.reader
    this.#room = init.room
    if (!holds) return
    this.#forget = init.region.onClose(() => this.close())
    // Until it knew where this one begins, the producer may have found the ring full.
    this.#room.signal()
  }

  get lost(): number {
    return this.#reader.lost
  }

  close(): void {
    if (this.isEnded) return
    this.#forget()
    this.#reader.leave()
    // A producer may be waiting for this one.
    this.#room.signal()
    this.end()
  }
}

function checkOptions(from: unknown, overflow: unknown): void {
  if (from !== 'latest' && from !== 'oldest') {
    throw new TypeError(`from must be 'latest' or 'oldest', got ${String(from)}`)
  }
  if (overflow !== 'drop-oldest' && overflow !== 'wait' && overflow !== 'disconnect') {
    throw new TypeError(`overflow must be 'drop-oldest', 'wait' or 'disconnect', got ${String(overflow)}`)
  }
  if (from === 'oldest' && overflow === 'wait') {
    throw new TypeError("a consumer that the producer waits for begins with from: 'latest'")
  }
}

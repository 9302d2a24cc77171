import { type Group, GroupedMeans, HourlyDelays } from './aggregate.js'
import { Digest } from './digest.js'
import { FLIGHT_BYTES, type Flight, FlightBlock } from './flights.js'
import type { InputRecord } from './parse-records.js'
import { BLOCK_BYTES } from './sequence.js'
import type { ObjectsShape, Shape } from './shape.js'

/** What P2 makes of everything it received. */
export interface Received {
  readonly messages: number
  /** Of the canonical bytes of the messages, in the order in which they came. */
  readonly digest: string
  readonly groups: readonly Group[]
  readonly groupCount: number
}

/** Takes each message as it comes: counts it, adds it to the digest and to the aggregate. */
export interface Sink<T = never> {
  take(message: T): void
  finish(): Received
}

/** The sink for messages of this shape. */
export function createSink(shape: Shape): Sink {
  switch (shape.kind) {
    case 'flights':
      return new FlightSink()
    case 'objects':
      return new ObjectSink(shape)
    case 'bytes':
      return new ByteSink()
  }
}

class FlightSink implements Sink<Flight> {
  static readonly #FLIGHTS = BLOCK_BYTES / FLIGHT_BYTES
  readonly #digest = new Digest()
  readonly #block = new FlightBlock(FlightSink.#FLIGHTS)
  readonly #delays = new HourlyDelays()
  #blocks = 0
  #used = 0

  take(flight: Flight): void {
    this.#block.set(this.#used, flight)
    this.#delays.add(flight.time, flight.delay)
    if (++this.#used === FlightSink.#FLIGHTS) {
      this.#digest.update(this.#block.bytes)
      this.#blocks++
      this.#used = 0
    }
  }

  finish(): Received {
    this.#digest.update(this.#block.bytes.subarray(0, this.#used * FLIGHT_BYTES))
    const groups = this.#delays.groups()
    const messages = this.#blocks * FlightSink.#FLIGHTS + this.#used
    return { messages, digest: this.#digest.finish(), groups, groupCount: groups.length }
  }
}

class ObjectSink implements Sink<InputRecord> {
  readonly #bytes = new BlockedDigest()
  readonly #means: GroupedMeans
  #messages = 0

  constructor(shape: ObjectsShape) {
    this.#means = new GroupedMeans(shape)
  }

  take(record: InputRecord): void {
    this.#bytes.updateText(JSON.stringify(record))
    this.#means.add(record)
    this.#messages++
  }

  finish(): Received {
    const groups = this.#means.groups()
    const digest = this.#bytes.finish()
    return { messages: this.#messages, digest, groups, groupCount: this.#means.groupCount }
  }
}

class ByteSink implements Sink<Uint8Array> {
  readonly #bytes = new BlockedDigest()
  #messages = 0
  #sum = 0

  take(chunk: Uint8Array): void {
    this.#bytes.update(chunk)
    this.#sum += chunk.length
    this.#messages++
  }

  finish(): Received {
    const messages = this.#messages
    const groups = [{ key: 'all', count: messages, sum: this.#sum, valued: messages }]
    return { messages, digest: this.#bytes.finish(), groups, groupCount: 1 }
  }
}

/** Gathers small pieces into blocks, because each call into the cipher costs some 0.5 us. */
class BlockedDigest {
  readonly #digest = new Digest()
  readonly #block = Buffer.allocUnsafe(BLOCK_BYTES)
  #used = 0

  update(piece: Uint8Array): void {
    if (piece.length > BLOCK_BYTES - this.#used) this.#flush()
    if (piece.length >= BLOCK_BYTES) {
      this.#digest.update(piece)
      return
    }
    this.#block.set(piece, this.#used)
    this.#used += piece.length
  }

  updateText(text: string): void {
    // Three bytes of UTF-8 at most for each unit of UTF-16.
    if (text.length * 3 > BLOCK_BYTES - this.#used) {
      this.update(Buffer.from(text))
      return
    }
    this.#used += this.#block.write(text, this.#used)
  }

  finish(): string {
    this.#flush()
    return this.#digest.finish()
  }

  #flush(): void {
    this.#digest.update(this.#block.subarray(0, this.#used))
    this.#used = 0
  }
}

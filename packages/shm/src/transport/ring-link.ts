import { type Codec, IpcError, type Peer, type SendOptions } from '@ipc/core'
import { Fifo, type Link, type LinkEvents, MESSAGE_OVERHEAD_BYTES } from '@ipc/core/internal'
import type { SpscReader } from '../ring/spsc-reader.js'
import type { SpscWriter } from '../ring/spsc-writer.js'
import { HotLoop } from '../wait/hot-loop.js'
import type { Doorbell } from './doorbell.js'
import { FragmentAssembly } from './fragment-assembly.js'
import type { Pair } from './pair.js'
import { RECORD_END, RECORD_FRAGMENT, RECORD_FRAGMENTS, RECORD_MESSAGE } from './pair-layout.js'
import { Scratch } from './scratch.js'

/** How long messages are read in one turn of the event loop, so that a stream leaves room for timers and sockets. */
const READ_MS = 1
/** Messages between two looks at the clock. */
const READ_CHECK = 32
/** What is claimed for a message whose size its codec does not tell. */
const CLAIM_BYTES = 2048

/** What a {@link RingLink} is made of. */
export interface RingLinkInit<Out> {
  readonly pair: Pair
  readonly doorbell: Doorbell
  readonly codec: Codec<unknown, Out>
  /** Largest message that comes in; what goes out is also bounded by the peer's. */
  readonly maxMessageBytes: number
  readonly peer: Peer
  readonly events: LinkEvents
}

/**
 * A connection's link over two rings: messages are encoded straight into the ring; what finds no room waits in this
 * process. The event loop polls the memory while there is traffic and sleeps on the doorbell when there is none.
 */
export class RingLink<Out> implements Link<Out> {
  readonly peer: Peer
  congested = false
  bufferedBytes = 0
  bytesSent = 0

  readonly #pair: Pair
  readonly #out: SpscWriter
  readonly #in: SpscReader
  readonly #codec: Codec<unknown, Out>
  readonly #events: LinkEvents
  readonly #doorbell: Doorbell
  readonly #loop: HotLoop
  readonly #scratch: Scratch<Out>
  readonly #maxOut: number
  readonly #maxIn: number
  readonly #assembly: FragmentAssembly
  // Encoded messages that found no room in the ring, oldest first; of the first, #sent bytes are out already.
  readonly #waiting = new Fifo<Uint8Array>()
  #sent = 0
  #announced = false
  #paused = false
  #ending = false
  #ended = false
  #aborted = false
  #destroyed = false

  constructor({ pair, doorbell, codec, maxMessageBytes, peer, events }: RingLinkInit<Out>) {
    this.peer = peer
    this.#pair = pair
    this.#out = pair.out
    this.#in = pair.in
    this.#codec = codec
    this.#events = events
    this.#doorbell = doorbell
    this.#maxIn = maxMessageBytes
    this.#maxOut = Math.min(maxMessageBytes, pair.peerFacts.maxMessageBytes)
    this.#scratch = new Scratch(codec, this.#maxOut)
    this.#assembly = new FragmentAssembly(maxMessageBytes)
    this.#loop = new HotLoop({ work: () => this.#work(), park: () => this.#park() })
    doorbell.start({ rung: () => this.#rung(), gone: (error) => this.#gone(error) })
    this.#loop.wake()
  }

  get bufferedMessages(): number {
    return this.#waiting.length
  }

  send(message: Out, options: SendOptions | undefined): boolean {
    if (options?.transfer !== undefined && options.transfer.length > 0) {
      throw new IpcError('IPC_NOT_SUPPORTED', 'shared memory copies messages: transfer lists are for @ipc/mq')
    }
    return (this.#waiting.length === 0 && this.#sendInPlace(message)) || this.#sendFromScratch(message)
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#loop.wake()
  }

  end(): void {
    this.#ending = true
    this.#flush()
    if (!this.#destroyed) this.#loop.wake()
  }

  destroy(abort: IpcError | undefined): void {
    this.#destroyed = true
    this.#loop.stop()
    this.#doorbell.close(abort !== undefined)
    this.#pair.region.close()
    this.#waiting.clear()
    this.bufferedBytes = 0
  }

  ref(): void {
    this.#doorbell.ref()
  }

  unref(): void {
    this.#doorbell.unref()
  }

  /** Encode straight into the ring. Returns false when there is no room, or more is needed than was claimed. */
  #sendInPlace(message: Out): boolean {
    const codec = this.#codec
    const out = this.#out
    const size = codec.sizeOf?.(message)
    if (size !== undefined && size > this.#maxOut) throw this.#scratch.tooLarge(size)
    const claimed = size ?? Math.min(CLAIM_BYTES, this.#maxOut, out.maxRecordBytes)
    const index = claimed <= out.maxRecordBytes ? out.tryClaim(claimed, RECORD_MESSAGE) : -1
    if (index < 0) return false
    const end = codec.encode(message, out.bytes, index, index + claimed)
    if (end < 0 && size === undefined) return false
    const length = end - index
    if (length < 0 || length > claimed || (size !== undefined && length !== size)) {
      throw new TypeError(`codec ${codec.name} wrote ${length} bytes where it was given ${claimed}`)
    }
    if (length < claimed) out.shrink(index, claimed, length)
    this.#commit()
    this.bytesSent += length
    return true
  }

  #sendFromScratch(message: Out): boolean {
    const scratch = this.#scratch
    const length = scratch.encode(message)
    this.bytesSent += length
    const out = this.#out
    if (this.#waiting.length === 0 && length <= out.maxRecordBytes) {
      const index = out.tryClaim(length, RECORD_MESSAGE)
      if (index >= 0) {
        scratch.copyTo(out.bytes, index, length)
        this.#commit()
        return true
      }
    }
    this.#waiting.push(scratch.take(length))
    this.bufferedBytes += length + MESSAGE_OVERHEAD_BYTES
    this.congested = true
    this.#loop.wake()
    return false
  }

  /** Publish the claimed record, and wake a peer that sleeps. */
  #commit(): void {
    this.#publish()
    if (this.#pair.peerWaits.take()) this.#doorbell.ring()
  }

  #publish(): void {
    this.#out.stage()
    this.#out.publish()
  }

  #work(): boolean {
    const read = this.#read(false)
    if (this.#destroyed) return false
    return this.#flush() || read
  }

  /** Deliver records; with `all`, whatever is there, although nobody has room for it. */
  #read(all: boolean): boolean {
    const ring = this.#in
    const until = performance.now() + READ_MS
    let count = 0
    try {
      while ((all || (!this.#paused && !isOver(count, until))) && ring.peek()) {
        count++
        if (ring.kind === RECORD_MESSAGE) {
          if (ring.end - ring.start > this.#maxIn) throw this.#oversized(ring.end - ring.start)
          this.#events.deliverEncoded(ring.bytes, ring.start, ring.end)
        } else this.#readSpecial(ring)
        if (this.#destroyed) return true
        ring.advance()
        // A batch of large messages must not keep the producer waiting until the last one.
        if (ring.releaseBytes > ring.capacity / 8) this.#release()
      }
    } catch (error) {
      if (!this.#destroyed) this.#events.lost(error as IpcError)
      return true
    }
    if (count > 0) this.#release()
    return count > 0
  }

  #release(): void {
    this.#in.release()
    if (this.#pair.peerIsFull.isSet && this.#in.hasRoom() && this.#pair.peerIsFull.take())
      this.#doorbell.ring()
  }

  #readSpecial({ kind, bytes, start, end }: SpscReader): void {
    if (kind === RECORD_END) {
      // A peer that aborted after its end did not wait for ours: that is no graceful close.
      if (!this.#aborted) this.#events.peerEnded()
    } else if (kind === RECORD_FRAGMENTS) this.#assembly.begin(bytes, start, end)
    else if (kind === RECORD_FRAGMENT) {
      const message = this.#assembly.add(bytes, start, end)
      if (message !== undefined) this.#events.deliverEncoded(message, 0, message.length)
    } else throw new IpcError('IPC_PROTOCOL', `the peer sent a record of unknown kind ${kind}`)
  }

  /** Move waiting messages into the ring, then the end, as far as there is room. */
  #flush(): boolean {
    const waiting = this.#waiting
    let wrote = false
    for (
      let message = waiting.peek();
      message !== undefined && this.#write(message);
      message = waiting.peek()
    ) {
      wrote = true
      if (this.#sent < message.length) continue
      this.#sent = 0
      this.#announced = false
      waiting.shift()
      this.bufferedBytes -= message.length + MESSAGE_OVERHEAD_BYTES
    }
    if (this.#ending && !this.#ended && waiting.length === 0 && this.#out.tryClaim(0, RECORD_END) >= 0) {
      this.#publish()
      wrote = true
      this.#ended = true
    }
    if (wrote && this.#pair.peerWaits.take()) this.#doorbell.ring()
    if (wrote && this.#ended) this.#events.ended()
    else if (this.congested && waiting.length === 0 && this.#out.hasRoom()) {
      this.congested = false
      this.#events.flowing()
      wrote = true
    }
    return wrote
  }

  /**
   * Write the next record of a waiting message: all of it, or the announcement of its length, or a fragment. Returns
   * false when the ring is full.
   */
  #write(message: Uint8Array): boolean {
    const out = this.#out
    const { length } = message
    const whole = length <= out.maxRecordBytes
    if (!whole && !this.#announced) {
      const index = out.tryClaim(FragmentAssembly.ANNOUNCEMENT_BYTES, RECORD_FRAGMENTS)
      if (index < 0) return false
      FragmentAssembly.announce(out.bytes, index, length)
      this.#announced = true
    } else {
      const bytes = Math.min(length - this.#sent, out.maxRecordBytes)
      const index = out.tryClaim(bytes, whole ? RECORD_MESSAGE : RECORD_FRAGMENT)
      if (index < 0) return false
      out.bytes.set(message.subarray(this.#sent, this.#sent + bytes), index)
      this.#sent += bytes
    }
    this.#publish()
    return true
  }

  /** Nothing was there for a while: arrange to be rung, unless something came just now. */
  #park(): boolean {
    const wantsRoom = this.#waiting.length > 0 || this.congested || (this.#ending && !this.#ended)
    this.#doorbell.arm()
    if (!this.#paused) this.#pair.waits.set(true)
    if (wantsRoom) this.#pair.isFull.set(true)
    if ((this.#paused || !this.#in.peek()) && !(wantsRoom && this.#out.hasRoom())) return true
    this.#unpark()
    return false
  }

  #unpark(): void {
    this.#pair.waits.set(false)
    this.#pair.isFull.set(false)
  }

  #rung(): void {
    this.#unpark()
    this.#loop.runNow()
  }

  /** The peer is gone. What it had published before is in memory and still counts. */
  #gone(error: IpcError): void {
    this.#aborted = error.code === 'IPC_ABORTED'
    this.#read(true)
    if (!this.#destroyed) this.#events.lost(error)
  }

  #oversized(bytes: number): IpcError {
    return new IpcError(
      'IPC_PROTOCOL',
      `the peer sent ${bytes} bytes, more than maxMessageBytes of ${this.#maxIn}`,
    )
  }
}

/** Whether a turn has lasted long enough; looked at now and then. */
function isOver(count: number, until: number): boolean {
  return count > 0 && count % READ_CHECK === 0 && performance.now() > until
}

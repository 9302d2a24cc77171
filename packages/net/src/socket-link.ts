import { type Codec, IpcError, type Peer, type SendOptions } from '@ipc/core'
import type { Limits, Link, LinkEvents } from '@ipc/core/internal'
import { encodeClose, encodeError } from './frame.js'
import { FrameDecoder, type FrameSink } from './frame-decoder.js'
import { type Greeting, MAX_FRAME_BYTES } from './greeting.js'
import { SendQueue } from './send-queue.js'
import { drop, leave, NOBODY, type SocketReader, type Wire } from './wire.js'
import { peerError, violationError, WIRE_ERROR, type WireError } from './wire-error.js'

/** What a {@link SocketLink} needs. */
export interface SocketLinkInit<Out> {
  readonly wire: Wire
  readonly peer: Peer
  readonly codec: Codec<never, Out>
  readonly limits: Limits
  /** The peer's greeting. */
  readonly theirs: Greeting
  readonly events: LinkEvents
}

const NOTHING: Uint8Array = new Uint8Array(0)

/**
 * One connection over a socket after both greetings.
 *
 * Closing: each side sends CLOSE behind its last message; who has sent CLOSE and read the peer's sends FIN. So FIN says
 * "all that you sent has been read", and a connection that ends without it was lost.
 */
export class SocketLink<Out> implements Link<Out>, SocketReader, FrameSink {
  readonly peer: Peer
  congested = false
  bytesSent = 0
  readonly #wire: Wire
  readonly #events: LinkEvents
  readonly #queue: SendQueue<Out>
  readonly #decoder: FrameDecoder
  readonly #highWaterMarkBytes: number
  /** Came in and was not decoded, because the core has no room. */
  #held: Uint8Array = NOTHING
  #heldStart = 0
  #heldEnd = 0
  #decoding = false
  #ending = false
  #finSent = false
  #peerClosed = false
  #finReceived = false
  #over = false
  #violation: WireError | undefined
  #peerGaveUp = false

  constructor({ wire, peer, codec, limits, theirs, events }: SocketLinkInit<Out>) {
    this.peer = peer
    this.#wire = wire
    this.#events = events
    this.#highWaterMarkBytes = limits.highWaterMarkBytes
    const { maxMessageBytes } = limits
    this.#decoder = new FrameDecoder({ maxFrameBytes: MAX_FRAME_BYTES, maxMessageBytes }, this)
    const sendLimits = {
      maxFrameBytes: theirs.maxFrameBytes,
      // What the peer would refuse is refused here, where the sender can be told.
      maxMessageBytes: Math.min(maxMessageBytes, theirs.maxMessageBytes),
    }
    this.#queue = new SendQueue(wire.socket, codec, sendLimits, () => this.#progressed())
  }

  get bufferedMessages(): number {
    return this.#queue.bufferedMessages
  }

  get bufferedBytes(): number {
    return this.#queue.bufferedBytes
  }

  send(message: Out, options: SendOptions | undefined): boolean {
    if (options?.transfer !== undefined && options.transfer.length > 0) {
      throw new IpcError('IPC_NOT_SUPPORTED', 'a socket copies every message: nothing can be transferred')
    }
    const queue = this.#queue
    this.bytesSent += queue.add(message)
    if (queue.bufferedBytes >= this.#highWaterMarkBytes) this.congested = true
    return !this.congested
  }

  pause(): void {
    this.#decoder.stopped = true
    this.#wire.socket.pause()
  }

  resume(): void {
    this.#decoder.stopped = false
    this.#decodeHeld()
    if (!this.#decoder.stopped && !this.#over) this.#wire.socket.resume()
  }

  end(): void {
    this.#ending = true
    this.#queue.addFrame(encodeClose())
  }

  destroy(abort: IpcError | undefined): void {
    const graceful = this.#finSent && this.#finReceived
    this.#over = true
    this.#decoder.stopped = true
    this.#held = NOTHING
    this.#queue.clear()
    const wire = this.#wire
    if (graceful) {
      wire.reader = NOBODY
      wire.socket.destroySoon()
    } else if (abort === undefined || this.#peerGaveUp || wire.socket.destroyed) drop(wire)
    else leave(wire, encodeError(this.#violation ?? abortedByThisSide(abort)))
  }

  ref(): void {
    this.#wire.socket.ref()
  }

  unref(): void {
    this.#wire.socket.unref()
  }

  bytes(source: Uint8Array, start: number, end: number): void {
    this.#held = source
    this.#heldStart = start
    this.#heldEnd = end
    this.#decodeHeld()
  }

  fin(): void {
    this.#finReceived = true
    this.#decodeAll()
    if (this.#over) return
    if (this.#finSent) this.#events.ended()
    else if (!this.#peerClosed) this.#lose(undefined)
    // FIN tells that our CLOSE was read, and may come in before the callback that tells that it was written, but not
    // by more than a turn. Otherwise the peer left without waiting for it.
    else setImmediate(() => this.#finSent || this.#over || this.#lose(undefined))
  }

  broke(error: Error | undefined): void {
    this.#decodeAll()
    if (!this.#over) this.#lose(error)
  }

  message(source: Uint8Array, start: number, end: number): void {
    this.#events.deliverEncoded(source, start, end)
  }

  close(): void {
    this.#peerClosed = true
    this.#events.peerEnded()
    this.#finishSending()
  }

  error(error: WireError): void {
    this.#peerGaveUp = true
    this.#events.lost(peerError(error))
  }

  violation(error: WireError): void {
    this.#violation = error
    this.#events.lost(violationError(error))
  }

  /** The socket is at its end: nothing more will come than what is held, so it is delivered even if the core is full. */
  #decodeAll(): void {
    while (this.#heldStart < this.#heldEnd && !this.#over && !this.#decoding) {
      this.#decoder.stopped = false
      this.#decodeHeld()
    }
  }

  #decodeHeld(): void {
    // A reader that makes room from within a delivery lets the loop below go on.
    if (this.#decoding || this.#over) return
    this.#decoding = true
    const held = this.#held
    while (this.#heldStart < this.#heldEnd && !this.#decoder.stopped) {
      this.#heldStart = this.#decoder.push(held, this.#heldStart, this.#heldEnd)
    }
    this.#decoding = false
    if (this.#heldStart === this.#heldEnd) this.#held = NOTHING
  }

  #progressed(): void {
    if (this.#over) return
    if (this.congested && this.#queue.bufferedBytes <= this.#highWaterMarkBytes / 2) {
      this.congested = false
      this.#events.flowing()
    }
    this.#finishSending()
  }

  #finishSending(): void {
    if (!this.#ending || !this.#peerClosed || this.#finSent || this.#queue.bufferedBytes > 0 || this.#over)
      return
    this.#finSent = true
    this.#wire.socket.end()
    if (this.#finReceived) this.#events.ended()
  }

  #lose(cause: Error | undefined): void {
    const how = cause === undefined ? 'it ended without closing' : cause.message
    this.#events.lost(new IpcError('IPC_PEER_LOST', `the peer is gone: ${how}`, { cause }))
  }
}

function abortedByThisSide(abort: IpcError): WireError {
  const { cause } = abort
  const reason = cause instanceof Error ? cause.message : typeof cause === 'string' ? cause : ''
  return { code: WIRE_ERROR.aborted, retryable: false, reason }
}

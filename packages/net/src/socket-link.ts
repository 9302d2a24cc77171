import { IpcError, type Peer, type SendOptions } from '@ipc/core'
import type { Limits, Link, LinkEvents } from '@ipc/core/internal'
import { encodeClose, encodeError, MESSAGE_COST_BYTES } from './frame.js'
import { FrameDecoder, type FrameSink } from './frame-decoder.js'
import { type Greeting, MAX_FRAME_BYTES } from './greeting.js'
import type { Encoder } from './send-batch.js'
import { SendQueue } from './send-queue.js'
import { drop, leave, NOBODY, type SocketReader, type Wire } from './wire.js'
import { peerError, violationError, WIRE_ERROR, type WireError } from './wire-error.js'

/** What a {@link SocketLink} needs. */
export interface SocketLinkInit<Out> {
  readonly wire: Wire
  readonly peer: Peer
  readonly codec: Encoder<Out>
  readonly limits: Limits
  /** The peer's greeting. */
  readonly theirs: Greeting
  /** The credit in this side's greeting. */
  readonly credit: number
  readonly events: LinkEvents
}

/**
 * One connection over a socket after both greetings.
 *
 * Flow: the peer sends what it has credit for and no more, so the socket is always read, and the end of the peer is
 * noticed whether or not the application reads.
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
  /** Granted again once so much was delivered: not for each message, and early enough to keep the peer going. */
  readonly #grantStep: number
  /** What the peer may still send. */
  #granted: number
  /** Delivered and not granted again. */
  #owed = 0
  #paused = false
  #ending = false
  #finSent = false
  #peerClosed = false
  #finReceived = false
  #over = false
  #violation: WireError | undefined
  #peerGaveUp = false

  constructor({ wire, peer, codec, limits, theirs, credit, events }: SocketLinkInit<Out>) {
    this.peer = peer
    this.#wire = wire
    this.#events = events
    this.#highWaterMarkBytes = limits.highWaterMarkBytes
    this.#granted = credit
    this.#grantStep = credit / 2
    const { maxMessageBytes } = limits
    this.#decoder = new FrameDecoder({ maxFrameBytes: MAX_FRAME_BYTES, maxMessageBytes }, this)
    const sendLimits = {
      maxFrameBytes: theirs.maxFrameBytes,
      // What the peer would refuse is refused here, where the sender can be told.
      maxMessageBytes: Math.min(maxMessageBytes, theirs.maxMessageBytes),
      credit: theirs.credit,
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

  /** What the peer was granted before still comes. */
  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#grantOwed()
  }

  end(): void {
    this.#ending = true
    this.#queue.addFrame(encodeClose())
  }

  destroy(abort: IpcError | undefined): void {
    const graceful = this.#finSent && this.#finReceived
    this.#over = true
    this.#decoder.stop()
    this.#queue.clear()
    const wire = this.#wire
    if (graceful) {
      wire.reader = NOBODY
      wire.socket.destroySoon()
    } else if (abort === undefined || this.#peerGaveUp || this.#finSent || wire.socket.destroyed) drop(wire)
    else leave(wire, encodeError(this.#violation ?? abortedByThisSide(abort)))
  }

  ref(): void {
    this.#wire.socket.ref()
  }

  unref(): void {
    this.#wire.socket.unref()
  }

  bytes(source: Uint8Array, start: number, end: number): void {
    this.#decoder.push(source, start, end)
    this.#grantOwed()
  }

  fin(): void {
    this.#finReceived = true
    if (this.#finSent) this.#events.ended()
    else if (!this.#peerClosed) this.#lose(undefined)
    // FIN tells that our CLOSE was read, and may come in before the callback that tells that it was written, but not
    // by more than a turn. Otherwise the peer left without waiting for it.
    else setImmediate(() => this.#finSent || this.#over || this.#lose(undefined))
  }

  broke(error: Error | undefined): void {
    this.#lose(error)
  }

  message(source: Uint8Array, start: number, end: number): void {
    if (this.#granted <= 0) {
      const reason = 'a message without credit'
      this.violation({ code: WIRE_ERROR.creditViolation, retryable: false, reason })
      return
    }
    const cost = end - start + MESSAGE_COST_BYTES
    this.#granted -= cost
    this.#owed += cost
    this.#events.deliverEncoded(source, start, end)
  }

  credit(bytes: number): void {
    this.#queue.addCredit(bytes)
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

  #grantOwed(): void {
    const owed = this.#owed
    if (owed < this.#grantStep || this.#paused || this.#peerClosed || this.#over) return
    this.#owed = 0
    this.#granted += owed
    this.#queue.grant(owed)
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
    if (!this.#ending || !this.#peerClosed || this.#finSent || this.#over) return
    if (this.#queue.bufferedBytes > 0) return
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

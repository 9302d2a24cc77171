import { IpcError, type MessageCount, type Peer, type SendOptions } from '@ipc/core'
import type { Limits, Link, LinkEvents } from '@ipc/core/internal'
import { encodeError } from './frame.js'
import { FrameDecoder, type FrameSink } from './frame-decoder.js'
import { type Greeting, MAX_FRAME_BYTES, SILENCE_STEP_MS } from './greeting.js'
import { Liveness } from './liveness.js'
import { Receipts } from './receipts.js'
import type { Encoder } from './send-log.js'
import { SendQueue } from './send-queue.js'
import type { SessionState } from './session.js'
import { drop, finish, leave, reset, type SocketReader, type Wire } from './wire.js'
import { abortedByThisSide, peerError, violationError, WIRE_ERROR, type WireError } from './wire-error.js'

/** What brings a session on over another socket when one breaks. */
export interface SessionKeeper {
  /** The socket is of no use any more; the link waits for `attach`, or for `lost`. */
  wireLost(cause: Error | undefined): void
  /** The link is over. */
  over(): void
  /** Whether what the keeper waits for keeps the process alive. */
  ref(): void
  unref(): void
}

/** What a {@link SocketLink} needs. */
export interface SocketLinkInit<Out> {
  readonly peer: Peer
  readonly codec: Encoder<Out>
  readonly limits: Limits
  /** The peer's greeting. */
  readonly theirs: Greeting
  /** The credit in this side's greeting. */
  readonly credit: number
  /** Silence of the peer that is tolerated; 0 if any. */
  readonly silenceMs: number
  readonly events: LinkEvents
  /** Only of a connection that survives its socket. */
  readonly keeper: SessionKeeper | undefined
}

/**
 * One connection over a socket after both greetings; or, with a keeper, over one socket after another.
 *
 * Flow: the peer sends what it has credit for and no more, so the socket is always read, and the end of the peer is
 * noticed whether or not the application reads.
 *
 * Closing: each side sends CLOSE behind its last message; who has sent CLOSE, has read the peer's, and knows all its
 * messages to be there, sends FIN. So FIN says "all that you sent has been read", and what ends without it was cut.
 */
export class SocketLink<Out> implements Link<Out>, SocketReader, FrameSink {
  readonly peer: Peer
  congested = false
  bytesSent = 0
  readonly #init: SocketLinkInit<Out>
  readonly #events: LinkEvents
  readonly #keeper: SessionKeeper | undefined
  readonly #queue: SendQueue<Out>
  readonly #highWaterMarkBytes: number
  readonly #receipts: Receipts
  #wire: Wire | undefined
  #decoder: FrameDecoder | undefined
  #liveness: Liveness | undefined
  #ending = false
  #finSent = false
  #peerClosed = false
  #finReceived = false
  #over = false
  #referenced = true
  #violation: WireError | undefined
  #peerGaveUp = false

  constructor(init: SocketLinkInit<Out>) {
    const { peer, codec, limits, theirs, credit, events, keeper } = init
    this.#init = init
    this.peer = peer
    this.#events = events
    this.#keeper = keeper
    this.#highWaterMarkBytes = limits.highWaterMarkBytes
    const queue = new SendQueue({
      codec,
      limits: {
        maxFrameBytes: theirs.maxFrameBytes,
        // What the peer would refuse is refused here, where the sender can be told.
        maxMessageBytes: Math.min(limits.maxMessageBytes, theirs.maxMessageBytes),
      },
      retains: keeper !== undefined,
      onProgress: () => this.#progressed(),
    })
    this.#queue = queue
    this.#receipts = new Receipts({
      credit,
      acknowledges: keeper !== undefined,
      grant: (bytes) => queue.grant(bytes),
      ack: (count) => queue.ack(count),
    })
  }

  get bufferedMessages(): number {
    return this.#queue.log.messages
  }

  get bufferedBytes(): number {
    return this.#queue.log.bytes
  }

  /** What a socket was given, and nobody has acknowledged. */
  get underWay(): MessageCount | undefined {
    if (this.#keeper === undefined) return undefined
    const { bytes, untakenBytes, taken, acknowledged } = this.#queue.log
    return { messages: taken - acknowledged, bytes: bytes - untakenBytes }
  }

  /** What this side has of the session. */
  get state(): SessionState {
    const { received, granted } = this.#receipts
    return { received, credit: granted }
  }

  /** Messages ever taken: those before `acknowledged` are there, those before `taken` may be, the others are not. */
  get sent(): { readonly acknowledged: number; readonly taken: number; readonly all: number } {
    const { acknowledged, taken, messages } = this.#queue.log
    return { acknowledged, taken, all: acknowledged + messages }
  }

  /** Whether all is done that this side can do: the peer has everything, and has read CLOSE. */
  get hasFinished(): boolean {
    return this.#finSent
  }

  /**
   * Go on over `wire`: from the beginning, or from what the peer has, by its `state`.
   *
   * @returns false when it claims to have what was never sent.
   */
  attach(wire: Wire, theirs: Greeting, state?: SessionState): boolean {
    const queue = this.#queue
    if (state !== undefined && !this.#goOnFrom(state)) return false
    const { maxMessageBytes } = this.#init.limits
    this.#wire = wire
    this.#finSent = false
    this.#finReceived = false
    this.#decoder = new FrameDecoder({ maxFrameBytes: MAX_FRAME_BYTES, maxMessageBytes }, this)
    wire.reader = this
    if (!this.#referenced) wire.socket.unref()
    queue.hasWritten = true
    this.#liveness = new Liveness({
      toleratedMs: this.#init.silenceMs,
      promisedMs: theirs.silence * SILENCE_STEP_MS,
      hasWritten: () => {
        const { hasWritten } = queue
        queue.hasWritten = false
        return hasWritten
      },
      speak: () => queue.alive(),
      onSilence: () => this.#silent(),
    })
    queue.attach(wire.socket, state?.credit ?? theirs.credit)
    this.#receipts.start()
    this.#finishSending()
    return true
  }

  /** Let go of the socket: another one takes its place, or none. */
  detach(): void {
    const wire = this.#wire
    this.#wire = undefined
    this.#liveness?.stop()
    this.#decoder?.stop()
    this.#receipts.stop()
    this.#queue.detach()
    if (wire !== undefined) drop(wire)
  }

  /** All is done that can be: nothing more has to come. */
  complete(): void {
    this.#events.ended()
  }

  /** The session cannot go on. */
  fail(error: IpcError): void {
    this.#events.lost(error)
  }

  send(message: Out, options: SendOptions | undefined): boolean {
    if (options?.transfer !== undefined && options.transfer.length > 0) {
      throw new IpcError('IPC_NOT_SUPPORTED', 'a socket copies every message: nothing can be transferred')
    }
    this.bytesSent += this.#queue.add(message)
    if (this.#queue.log.bytes >= this.#highWaterMarkBytes) this.congested = true
    return !this.congested
  }

  /** What the peer was granted before still comes. */
  pause(): void {
    this.#receipts.paused = true
  }

  resume(): void {
    this.#receipts.paused = false
    this.#receipts.grant()
  }

  end(): void {
    this.#ending = true
    this.#queue.close()
  }

  destroy(abort: IpcError | undefined): void {
    const wire = this.#wire
    const graceful = this.#finSent && this.#finReceived
    this.#over = true
    this.#receipts.stop()
    this.#liveness?.stop()
    this.#decoder?.stop()
    this.#queue.clear()
    this.#wire = undefined
    this.#keeper?.over()
    if (wire === undefined) return
    if (graceful) finish(wire)
    else if (abort === undefined || this.#peerGaveUp || this.#finSent || wire.socket.destroyed) drop(wire)
    else leave(wire, encodeError(this.#violation ?? abortedByThisSide(abort)))
  }

  ref(): void {
    this.#referenced = true
    this.#wire?.socket.ref()
    this.#keeper?.ref()
  }

  unref(): void {
    this.#referenced = false
    this.#wire?.socket.unref()
    this.#keeper?.unref()
  }

  bytes(source: Uint8Array, start: number, end: number): void {
    this.#liveness?.heard()
    this.#decoder?.push(source, start, end)
    this.#receipts.tell()
  }

  fin(): void {
    this.#finReceived = true
    if (this.#finSent) this.#events.ended()
    else if (!this.#peerClosed) this.#cut(undefined)
    // FIN tells that our CLOSE was read, and may come in before the callback that tells that it was written, but not
    // by more than a turn. Otherwise the peer left without waiting for it.
    else setImmediate(() => this.#finSent || this.#over || this.#cut(undefined))
  }

  broke(error: Error | undefined): void {
    this.#cut(error)
  }

  message(source: Uint8Array, start: number, end: number): void {
    // Said over a socket before this one: the decoder knows only its own.
    if (this.#peerClosed) {
      this.violation({ code: WIRE_ERROR.protocol, retryable: false, reason: 'DATA after CLOSE' })
      return
    }
    if (this.#receipts.granted <= 0) {
      const reason = 'a message without credit'
      this.violation({ code: WIRE_ERROR.creditViolation, retryable: false, reason })
      return
    }
    this.#receipts.add(end - start)
    this.#events.deliverEncoded(source, start, end)
  }

  credit(bytes: number): void {
    this.#queue.addCredit(bytes)
  }

  ack(count: number): void {
    if (this.#queue.acknowledged(count)) return
    const { acknowledged, taken } = this.#queue.log
    const reason = `ACK of ${count} messages, with ${acknowledged} of ${taken} acknowledged`
    this.violation({ code: WIRE_ERROR.protocol, retryable: false, reason })
  }

  close(): void {
    // Once more when it was read over a socket that broke.
    const isFirst = !this.#peerClosed
    this.#peerClosed = true
    this.#receipts.ended = true
    this.#receipts.ack()
    if (isFirst) this.#events.peerEnded()
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

  #goOnFrom({ received }: SessionState): boolean {
    const { log } = this.#queue
    if (received < log.acknowledged || received > log.taken) return false
    log.acknowledge(received)
    return true
  }

  #progressed(): void {
    if (this.#over) return
    if (this.congested && this.#queue.log.bytes <= this.#highWaterMarkBytes / 2) {
      this.congested = false
      this.#events.flowing()
    }
    this.#finishSending()
  }

  #finishSending(): void {
    if (!this.#ending || !this.#peerClosed || this.#finSent || this.#over) return
    if (!this.#queue.isFinished) return
    this.#finSent = true
    this.#receipts.stop()
    // The last ACK has to leave before.
    this.#queue.flush()
    this.#wire?.socket.end()
    if (this.#finReceived) this.#events.ended()
  }

  #silent(): void {
    const wire = this.#wire
    if (wire === undefined || this.#over) return
    // Not in order: who is silent would not answer.
    reset(wire)
    this.#cut(new Error(`it said nothing for ${this.#init.silenceMs} ms`))
  }

  /** The socket is at its end, before the connection is. */
  #cut(cause: Error | undefined): void {
    if (this.#over || this.#wire === undefined) return
    if (this.#keeper !== undefined) {
      this.detach()
      this.#keeper.wireLost(cause)
      return
    }
    const how = cause === undefined ? 'it ended without closing' : cause.message
    this.#events.lost(new IpcError('IPC_PEER_LOST', `the peer is gone: ${how}`, { cause }))
  }
}

import { IpcError } from '@ipc/core'
import { type Limits, startTimer } from '@ipc/core/internal'
import { describeStranger } from './client-hello.js'
import { encodeError } from './frame.js'
import { FrameDecoder } from './frame-decoder.js'
import {
  checkGreeting,
  decodeGreeting,
  encodeGreeting,
  GREETING_BYTES,
  type Greeting,
  type GreetingTerms,
  MAGIC,
  MAX_FRAME_BYTES,
  makeGreeting,
  type Role,
} from './greeting.js'
import type { Greetings } from './session.js'
import { connectError } from './socket-error.js'
import { drop, leave, type SocketReader, type Wire } from './wire.js'
import { mismatchError, refusedError, type WireError } from './wire-error.js'

/** What both sides of a handshake need. */
export interface HandshakeInit {
  readonly role: Role
  /** Names the other side in messages. */
  readonly address: string
  readonly codecName: string
  readonly limits: Limits
  readonly terms: GreetingTerms
  readonly timeoutMs: number
  /**
   * The peer's greeting is good; the reader of the wire has to change now, and the deadline stays until `done`.
   * `source[start, end)` has come in behind the greeting. A refusal is told to the peer.
   */
  greeted(theirs: Greeting, source: Uint8Array, start: number, end: number): WireError | undefined
  /** It came to nothing; the socket is being closed. */
  failed(error: IpcError): void
}

/** Reads the greeting of a peer, byte by byte if it has to, and holds no more than that. */
export class Handshake implements SocketReader {
  wire!: Wire
  /** This side's greeting. */
  readonly greeting: Buffer
  readonly #init: HandshakeInit
  readonly #mine: Greeting
  readonly #received: Buffer = Buffer.alloc(GREETING_BYTES)
  #length = 0
  #isOver = false
  #stopTimer: () => void = () => {}

  constructor(init: HandshakeInit) {
    this.#init = init
    this.#mine = makeGreeting(init.role, init.codecName, init.limits, init.terms)
    this.greeting = encodeGreeting(this.#mine)
  }

  /** What both sides said, once both have. */
  get greetings(): Greetings {
    const theirs = Uint8Array.from(this.#received)
    return this.#init.role === 'dialer'
      ? { dialer: this.greeting, acceptor: theirs }
      : { dialer: theirs, acceptor: this.greeting }
  }

  /** The absolute deadline of a dialer begins: bytes that trickle in do not move it. */
  start(): void {
    const { timeoutMs, address } = this.#init
    this.#stopTimer = startTimer(timeoutMs, () => {
      const message = `${address} did not complete the handshake within handshakeTimeoutMs of ${timeoutMs}`
      this.#fail(new IpcError('IPC_TIMEOUT', message, { details: { address, timeoutMs } }))
    })
  }

  /** Nothing more has to come in within the deadline. */
  done(): void {
    this.#stopTimer()
  }

  /** The other side has refused this one. */
  refused(error: WireError): void {
    const { address, codecName } = this.#init
    this.#fail(refusedError(address, error, codecName))
  }

  /** Stop without a word. */
  cancel(): void {
    this.#isOver = true
    this.done()
    drop(this.wire)
  }

  /** Tell the peer why not, and leave. */
  refuse(refusal: WireError, error: IpcError = mismatchError(this.#init.address, refusal)): void {
    this.#fail(error, refusal)
  }

  bytes(source: Uint8Array, start: number, end: number): void {
    const received = this.#received
    let at = start
    while (at < end && this.#length < GREETING_BYTES) {
      const byte = source[at]!
      if (this.#length < MAGIC.length && byte !== MAGIC[this.#length]) {
        this.#takeAnswer(received.subarray(0, this.#length), source, at, end)
        return
      }
      received[this.#length++] = byte
      at++
    }
    if (this.#length === GREETING_BYTES) this.#judge(source, at, end)
  }

  fin(): void {
    this.broke(undefined)
  }

  broke(error: Error | undefined): void {
    this.#fail(connectError(this.#init.address, error))
  }

  #judge(source: Uint8Array, start: number, end: number): void {
    const { codecName } = this.#init
    const theirs = decodeGreeting(this.#received)
    let refusal = checkGreeting(this.#mine, theirs, codecName)
    refusal ??= this.#init.greeted(theirs, source, start, end)
    if (refusal !== undefined) this.refuse(refusal)
  }

  /** Not a greeting: `before`, then `source[start, end)`. A listener that refuses answers with ERROR instead. */
  #takeAnswer(before: Buffer, source: Uint8Array, start: number, end: number): void {
    const { role, address } = this.#init
    const seen = Buffer.concat([before, source.subarray(start, Math.min(end, start + 16))])
    const foreign = (): void => {
      const message = `${address} speaks ${describeStranger(seen)}`
      this.#fail(new IpcError('IPC_PROTOCOL', message, { details: { address } }))
    }
    // Not one byte for a caller that does not speak the protocol. And an ERROR has no more in common with the magic than
    // the low byte of its length.
    if (role === 'acceptor' || before.length > 1) {
      foreign()
      return
    }
    const limits = { maxFrameBytes: MAX_FRAME_BYTES, maxMessageBytes: MAX_FRAME_BYTES }
    const decoder = new FrameDecoder(limits, {
      message: foreign,
      credit: foreign,
      ack: foreign,
      close: foreign,
      violation: foreign,
      error: (error) => this.refused(error),
    })
    this.wire.reader = {
      bytes: (more, from, to) => void decoder.push(more, from, to),
      fin: () => this.fin(),
      broke: (error) => this.broke(error),
    }
    decoder.push(before, 0, before.length)
    decoder.push(source, start, end)
  }

  #fail(error: IpcError, farewell?: WireError): void {
    // What comes in at once may be wrong several times over.
    if (this.#isOver) return
    this.#isOver = true
    this.done()
    if (farewell === undefined) drop(this.wire)
    else leave(this.wire, encodeError(farewell))
    this.#init.failed(error)
  }
}

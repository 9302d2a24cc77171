import { encodeGreeting, GREETING_BYTES, type Greeting, makeGreeting } from '../../src/greeting.js'
import {
  encodeResume,
  encodeResumed,
  type Greetings,
  type SessionSecrets,
  type SessionState,
  sessionSecrets,
} from '../../src/session.js'
import type { MemorySocket } from './memory-socket.js'
import { framesIn, type Heard, read } from './reference.js'

/** Limits of both sides. */
export const LIMITS = { highWaterMarkBytes: 4096, maxBufferedBytes: 65_536, maxMessageBytes: 400_000 }
const MAX_FRAME = 262_144

/** One socket, from the side of the hostile peer, which does the protocol as far as it wants to. */
export class HostileSocket {
  readonly socket: MemorySocket
  readonly #isDialer: boolean
  #pieces: Buffer[] = []
  greeting: Buffer = Buffer.alloc(0)
  /** Behind the greeting, and RESUME or RESUMED: where messages begin in `sent`. */
  bodyAt: number = GREETING_BYTES
  /** In RESUME or RESUMED. */
  #credit: number | undefined
  #isResumed = false

  constructor(socket: MemorySocket, isDialer: boolean) {
    this.socket = socket
    this.#isDialer = isDialer
  }

  /** All that was delivered. */
  get sent(): Buffer {
    if (this.#pieces.length > 1) this.#pieces = [Buffer.concat(this.#pieces)]
    return this.#pieces[0] ?? Buffer.alloc(0)
  }

  /** What came from the implementation. */
  get received(): Buffer {
    return Buffer.concat(this.socket.written)
  }

  deliver(bytes: Buffer): void {
    if (this.socket.destroyed) return
    this.#pieces.push(bytes)
    this.socket.deliver(bytes)
  }

  greet(flags: number, differences: Partial<Greeting>): void {
    const role = this.#isDialer ? 'dialer' : 'acceptor'
    const made = makeGreeting(role, 'bytes', LIMITS, { mechanism: 0, flags, silenceMs: 1000 })
    this.greeting = encodeGreeting({ ...made, ...differences })
    this.deliver(this.greeting)
  }

  /** The greetings of both sides, once there are two. */
  get greetings(): Greetings | undefined {
    const theirs = this.received.subarray(0, GREETING_BYTES)
    if (theirs.length < GREETING_BYTES || this.greeting.length < GREETING_BYTES) return undefined
    return this.#isDialer
      ? { dialer: this.greeting, acceptor: theirs }
      : { dialer: theirs, acceptor: this.greeting }
  }

  get secrets(): SessionSecrets | undefined {
    return this.greetings && sessionSecrets(this.greetings, this.socket as never)
  }

  /** RESUME of a dialer, RESUMED of a listener; with a bit of it turned when `damage` says which. */
  resume(secrets: SessionSecrets, state: SessionState, damage: number | undefined): void {
    const { greetings } = this
    if (greetings === undefined) return
    const frame = this.#isDialer
      ? encodeResume(secrets, greetings, state)
      : encodeResumed(secrets, greetings, state)
    if (damage !== undefined) frame[damage % frame.length]! ^= 1 << (damage % 8)
    this.bodyAt = this.sent.length + frame.length
    this.#credit = state.credit
    this.#isResumed = true
    this.deliver(frame)
  }

  /** Whole messages that the implementation has to take from this socket, if it takes any. */
  get messages(): Buffer[] {
    return read(this.sent, this.bodyAt, MAX_FRAME, LIMITS.maxMessageBytes).messages
  }

  get hasClosed(): boolean {
    return read(this.sent, this.bodyAt, MAX_FRAME, LIMITS.maxMessageBytes).hasClosed
  }

  /** Whether it is for a session that goes on. */
  get isResuming(): boolean {
    return this.#isResumed || (this.greeting.length === GREETING_BYTES && (this.greeting[10]! & 2) !== 0)
  }

  /** What this side has said that it takes. */
  get limits(): Omit<Heard, 'credit'> {
    const has = this.sent.length >= GREETING_BYTES
    const [frame, message] = has
      ? [this.sent.readUInt32LE(20), this.sent.readUInt32LE(24)]
      : [MAX_FRAME, 2 ** 32]
    // Nobody may say less than 4096; who does is told in an ERROR.
    return { maxFrame: Math.max(4096, frame), maxMessage: Math.min(LIMITS.maxMessageBytes, message) }
  }

  /** All credit that this side has ever given on this socket. */
  get granted(): number {
    const base = this.#credit ?? (this.sent.length >= GREETING_BYTES ? this.sent.readUInt32LE(28) : 0)
    const grants = framesIn(this.sent, this.bodyAt).frames.filter(
      ({ type, body }) => type === 3 && body.length === 4,
    )
    return grants.reduce((sum, { body }) => sum + body.readUInt32LE(0), base)
  }

  /** Messages of the implementation on this socket. */
  get taken(): Buffer[] {
    const bytes = this.received
    const type = bytes[GREETING_BYTES + 3]
    const at =
      type === 0x10 || type === 0x11
        ? GREETING_BYTES + 8 + bytes.readUIntLE(GREETING_BYTES, 3)
        : GREETING_BYTES
    if (bytes.length < at || bytes[0] !== 0x89) return []
    return read(bytes, at, MAX_FRAME, LIMITS.maxMessageBytes).messages
  }
}

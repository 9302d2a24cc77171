import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Codec } from '../codec.js'
import type { ConnectionOptions, Incoming, Interceptor, Unsubscribe, WaitOptions } from '../connection.js'
import { IpcError } from '../errors.js'
import { type Limits, MESSAGE_OVERHEAD_BYTES } from './limits.js'
import { Mailbox } from './mailbox.js'
import { validate } from './validate.js'

interface Listening<In> {
  readonly listener: (message: In) => void
  readonly onDecodeError: ((error: IpcError) => void) | undefined
}

/** How an {@link Inbox} asks its connection for fewer or more messages. */
export interface InboxFlow {
  full(): void
  room(): void
}

/** The receiving half of every connection: decodes, checks, and gives each message to whoever reads. */
export class Inbox<In> {
  messagesReceived = 0
  bytesReceived = 0
  decodeFailures = 0
  discardedMessages = 0
  discardedBytes = 0

  readonly #codec: Codec<In, never> | undefined
  readonly #schema: StandardSchemaV1<unknown, In> | undefined
  readonly #limits: Limits
  readonly #flow: InboxFlow
  readonly #unread: Mailbox<In>
  #interceptors: readonly Interceptor<In>[] = []
  readonly #incoming: { bytes: number } & Incoming = { bytes: 0, hold: () => this.#hold() }
  /** Interceptors that keep as much as they should. */
  #holds = 0
  #listening: readonly Listening<In>[] = []
  #paused = false
  #closing = false
  #pumping = false

  constructor(options: ConnectionOptions<In, never>, limits: Limits, flow: InboxFlow) {
    this.#codec = options.codec
    this.#schema = options.schema
    this.#limits = limits
    this.#flow = flow
    this.#unread = new Mailbox('receive', () => this.#taken())
  }

  get unreadMessages(): number {
    return this.#unread.length
  }

  get unreadBytes(): number {
    return this.#unread.bytes
  }

  receive(options?: WaitOptions): Promise<In> {
    this.#checkPulling('receive')
    return this.#unread.take(options)
  }

  tryReceive(): In | undefined {
    this.#checkPulling('tryReceive')
    return this.#unread.tryTake()
  }

  onMessage(listener: (message: In) => void, onDecodeError?: (error: IpcError) => void): Unsubscribe {
    if (typeof listener !== 'function') {
      throw new TypeError(`onMessage takes a function, got ${typeof listener}`)
    }
    if (this.#unread.waiting > 0) {
      throw new TypeError('onMessage while a receive is pending: a connection is read in one way at a time')
    }
    const entry: Listening<In> = { listener, onDecodeError }
    this.#listening = [...this.#listening, entry]
    this.#startPump()
    return () => {
      this.#listening = this.#listening.filter((other) => other !== entry)
    }
  }

  intercept(interceptor: Interceptor<In>): Unsubscribe {
    this.#interceptors = [...this.#interceptors, interceptor]
    this.#unread.takeMatching((message, bytes) =>
      this.#intercepted(interceptor, message, bytes - MESSAGE_OVERHEAD_BYTES),
    )
    return () => {
      this.#interceptors = this.#interceptors.filter((other) => other !== interceptor)
    }
  }

  putEncoded(source: Uint8Array, start: number, end: number): void {
    const codec = this.#codec
    let message: In
    try {
      if (codec === undefined) throw new TypeError('this connection has no codec')
      message =
        codec.view !== undefined && this.#isHandedOver
          ? codec.view(source, start, end)
          : codec.decode(source, start, end)
    } catch (error) {
      this.#count(end - start)
      this.#fail('message could not be decoded', error, end - start)
      return
    }
    this.put(message, end - start)
  }

  /** Whether the next message goes to listeners at once, and to nobody who may keep it. */
  get #isHandedOver(): boolean {
    return this.#listening.length > 0 && this.#unread.length === 0 && this.#interceptors.length === 0
  }

  put(incoming: unknown, bytes: number): void {
    this.#count(bytes)
    let message = incoming as In
    if (this.#schema !== undefined) {
      try {
        message = validate(this.#schema, incoming)
      } catch (error) {
        this.#fail('message does not match the schema', error, bytes)
        return
      }
    }
    for (const interceptor of this.#interceptors) if (this.#intercepted(interceptor, message, bytes)) return
    if (this.#listening.length > 0 && this.#unread.length === 0) this.#emit(message)
    else this.#queue(message, bytes)
  }

  /** Closing has begun here: what still comes in must not block the peer's own closing. */
  startClosing(): void {
    this.#closing = true
    this.#release()
  }

  /** Nothing more comes in; readers get `error` after the last message. */
  end(error: IpcError): void {
    this.#unread.end(error)
  }

  /** Throw away what is unread. */
  discard(): void {
    this.discardedMessages += this.#unread.length
    this.discardedBytes += this.#unread.bytes - this.#unread.length * MESSAGE_OVERHEAD_BYTES
    this.#unread.clear()
  }

  #checkPulling(call: string): void {
    if (this.#listening.length > 0) {
      throw new TypeError(`${call} while a listener is attached: a connection is read in one way at a time`)
    }
  }

  #count(bytes: number): void {
    this.messagesReceived++
    this.bytesReceived += bytes
  }

  #queue(message: In, bytes: number): void {
    if (!this.#hasRoom(bytes)) return
    this.#unread.put(message, bytes + MESSAGE_OVERHEAD_BYTES)
    if (this.#listening.length > 0) this.#startPump()
    this.#stopWhenFull()
  }

  #hasRoom(bytes: number): boolean {
    if (!this.#closing || this.#unread.bytes < this.#limits.maxBufferedBytes) return true
    this.discardedMessages++
    this.discardedBytes += bytes
    return false
  }

  #intercepted(interceptor: Interceptor<In>, message: In, bytes: number): boolean {
    this.#incoming.bytes = bytes
    let taken = false
    guarded((value: In) => {
      taken = interceptor(value, this.#incoming)
    }, message)
    return taken
  }

  #hold(): Unsubscribe {
    let isHeld = true
    this.#holds++
    this.#stop()
    return () => {
      if (!isHeld) return
      isHeld = false
      this.#holds--
      this.#taken()
    }
  }

  #stopWhenFull(): void {
    if (this.#unread.bytes >= this.#limits.highWaterMarkBytes) this.#stop()
  }

  #stop(): void {
    if (this.#paused || this.#closing) return
    this.#paused = true
    this.#flow.full()
  }

  #taken(): void {
    // Half of the mark, so that a slow reader does not make the link start and stop for every message.
    if (this.#holds === 0 && this.#unread.bytes <= this.#limits.highWaterMarkBytes / 2) this.#release()
  }

  #release(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#flow.room()
  }

  #emit(message: In): void {
    for (const { listener } of this.#listening) guarded(listener, message)
  }

  /** Hand the unread messages to the listeners, in a microtask, ahead of those that come meanwhile. */
  #startPump(): void {
    if (this.#pumping || this.#unread.length === 0) return
    this.#pumping = true
    queueMicrotask(() => {
      this.#pumping = false
      while (this.#listening.length > 0 && this.#unread.length > 0) this.#pumpOne()
    })
  }

  #pumpOne(): void {
    let message: In
    try {
      message = this.#unread.tryTake() as In
    } catch (error) {
      this.#emitError(error as IpcError)
      return
    }
    this.#emit(message)
  }

  #fail(what: string, cause: unknown, bytes: number): void {
    this.decodeFailures++
    const reason = cause instanceof Error ? cause.message : String(cause)
    const error = new IpcError('IPC_DECODE_FAILED', `${what}: ${reason}`, { cause })
    if (this.#listening.length > 0 && this.#unread.length === 0) this.#emitError(error)
    else if (this.#hasRoom(bytes)) {
      // Counts like the message it stands for: a peer that sends only nonsense is stopped, too.
      this.#unread.putError(error, bytes + MESSAGE_OVERHEAD_BYTES)
      this.#stopWhenFull()
    }
  }

  #emitError(error: IpcError): void {
    for (const { onDecodeError } of this.#listening) {
      if (onDecodeError !== undefined) guarded(onDecodeError, error)
    }
  }
}

/** Call the application's function; what it throws is uncaught as in any callback, but not ours to stumble over. */
function guarded<T>(listener: (value: T) => void, value: T): void {
  try {
    listener(value)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

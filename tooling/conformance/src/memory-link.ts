import { serialize } from 'node:v8'
import { type Codec, IpcError, type Peer, type SendOptions } from '@ipc/core'
import { Fifo, type Limits, type Link, type LinkEvents, MESSAGE_OVERHEAD_BYTES } from '@ipc/core/internal'

/** A message on its way: copied, with its size. */
export interface Parcel {
  readonly content: unknown
  readonly bytes: number
}

/**
 * One end of a link inside one process: the smallest complete {@link Link}. Where a real transport writes to a socket
 * or a ring, this one moves a parcel from its own queue to the other end.
 *
 * What every link has to get right:
 * - `send` either takes the message or throws and takes nothing; it never delivers from within.
 * - what is taken is counted in `bufferedBytes` until it is handed over, so that the core can bound it;
 * - a paused receiver stops the hand-over, so that the sender's buffer fills and `send` returns `false`;
 * - `flowing()` follows every `false`; `ended()` and the peer's `peerEnded()` follow `end()`, after the last message;
 * - after `destroy` nothing is delivered and nothing stays behind.
 */
export class MemoryLink<Out> implements Link<Out> {
  readonly peer: Peer = { transport: 'memory' }
  congested = false
  bufferedBytes = 0
  bytesSent = 0
  protected other!: MemoryLink<unknown>
  protected readonly events: LinkEvents
  protected readonly limits: Limits
  protected readonly outgoing: Fifo<Parcel> = new Fifo()
  readonly #codec: Codec<unknown, Out> | undefined
  #paused = false
  #ending = false
  #destroyed = false
  #scheduled: NodeJS.Immediate | undefined

  constructor(events: LinkEvents, limits: Limits, codec: Codec<unknown, Out> | undefined) {
    this.events = events
    this.limits = limits
    this.#codec = codec
  }

  /** Make two ends one link. */
  static join(one: MemoryLink<unknown>, other: MemoryLink<unknown>): void {
    one.other = other
    other.other = one
  }

  get bufferedMessages(): number {
    return this.outgoing.length
  }

  send(message: Out, options: SendOptions | undefined): boolean {
    const parcel = this.#pack(message, options?.transfer ?? [])
    this.outgoing.push(parcel)
    this.bytesSent += parcel.bytes
    this.bufferedBytes += parcel.bytes + MESSAGE_OVERHEAD_BYTES
    this.congested ||= this.bufferedBytes >= this.limits.highWaterMarkBytes
    this.schedule()
    return !this.congested
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.other.schedule()
  }

  end(): void {
    this.#ending = true
    this.schedule()
  }

  destroy(abort: IpcError | undefined): void {
    this.#destroyed = true
    clearImmediate(this.#scheduled)
    this.outgoing.clear()
    if (abort !== undefined) this.tellAbort(abort)
  }

  /** An open link inside a process keeps nothing alive, so there is nothing to let go. */
  ref(): void {}
  unref(): void {}

  /** As if the process at this end died: it does nothing more, and the other end finds out. */
  die(): void {
    this.destroy(undefined)
    setImmediate(() => this.other.lose(new IpcError('IPC_PEER_LOST', 'the other end of the link died')))
  }

  protected lose(error: IpcError): void {
    if (!this.#destroyed) this.events.lost(error)
  }

  protected tellAbort(abort: IpcError): void {
    const message = `the peer aborted: ${abort.message}`
    setImmediate(() => this.other.lose(new IpcError('IPC_ABORTED', message)))
  }

  /** Deliver in a later turn of the event loop: a peer never finds itself inside the other's `send`. */
  protected schedule(): void {
    if (this.#scheduled !== undefined || this.#destroyed) return
    this.#scheduled = setImmediate(() => {
      this.#scheduled = undefined
      this.handOver()
    })
  }

  protected handOver(): void {
    while (!this.#destroyed && !this.other.#paused) {
      const parcel = this.outgoing.shift()
      if (parcel === undefined) break
      this.bufferedBytes -= parcel.bytes + MESSAGE_OVERHEAD_BYTES
      this.other.deliver(parcel)
    }
    if (this.#destroyed) return
    if (this.congested && this.bufferedBytes <= this.limits.highWaterMarkBytes / 2) {
      this.congested = false
      this.events.flowing()
    }
    if (this.#ending && this.outgoing.length === 0) {
      this.#ending = false
      this.events.ended()
      this.other.hearEnd()
    }
  }

  protected deliver({ content, bytes }: Parcel): void {
    if (this.#destroyed) return
    if (this.#codec === undefined) this.events.deliver(content, bytes)
    else this.events.deliverEncoded(content as Uint8Array, 0, bytes)
  }

  protected hearEnd(): void {
    if (!this.#destroyed) this.events.peerEnded()
  }

  #pack(message: Out, transfer: readonly object[]): Parcel {
    if (this.#codec === undefined) return this.#clone(message, transfer)
    if (transfer.length > 0) {
      throw new IpcError(
        'IPC_NOT_SUPPORTED',
        'an encoded message cannot transfer objects: drop transfer or codec',
      )
    }
    const content = this.#encode(this.#codec, message)
    return { content, bytes: content.byteLength }
  }

  #encode(codec: Codec<unknown, Out>, message: Out): Uint8Array {
    const { maxMessageBytes } = this.limits
    const known = codec.sizeOf?.(message)
    if (known !== undefined) this.#checkSize(known)
    for (let size = known ?? 256; ; size *= 4) {
      const target = new Uint8Array(Math.min(size, maxMessageBytes))
      const end = codec.encode(message, target, 0)
      if (end >= 0) return target.subarray(0, end)
      if (size >= maxMessageBytes) this.#checkSize(maxMessageBytes + 1)
    }
  }

  #clone(message: Out, transfer: readonly object[]): Parcel {
    try {
      // An estimate is enough: structured clone has no bytes of its own.
      const { byteLength } = serialize(message)
      this.#checkSize(byteLength)
      return { content: this.copy(message, transfer), bytes: byteLength }
    } catch (cause) {
      if (cause instanceof IpcError) throw cause
      throw new TypeError(`message cannot be cloned: ${(cause as Error).message}`, { cause })
    }
  }

  protected copy(message: Out, transfer: readonly object[]): unknown {
    return structuredClone(message, { transfer: [...transfer] as never })
  }

  #checkSize(bytes: number): void {
    const { maxMessageBytes } = this.limits
    if (bytes <= maxMessageBytes) return
    throw new IpcError('IPC_MESSAGE_TOO_LARGE', `message exceeds maxMessageBytes of ${maxMessageBytes}`, {
      details: { bytes, maxMessageBytes },
    })
  }
}

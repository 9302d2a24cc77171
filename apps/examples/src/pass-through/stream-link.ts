import type { PassThrough } from 'node:stream'
import { type Codec, IpcError, type Peer, type SendOptions } from '@ipc/core'
import { type Limits, type Link, type LinkEvents, MESSAGE_OVERHEAD_BYTES } from '@ipc/core/internal'

/** What travels on a stream, an object each. A stream of bytes would put a length and a kind in front. */
export type Frame =
  | { kind: 'greeting'; magic: string; version: number; codec: string; maxMessageBytes: number }
  | { kind: 'abort'; why: string }
  | { kind: 'message'; bytes: Uint8Array }
  | { kind: 'end' }

/** One side of two streams in object mode: what comes in, and what goes out. */
export type Streams = readonly [incoming: PassThrough, outgoing: PassThrough]

/** How the messages of a connection move, and how a dead peer is noticed. */
export class StreamLink<Out> implements Link<Out> {
  readonly peer: Peer = { transport: 'pass-through' }
  congested = false
  bufferedMessages = 0
  bufferedBytes = 0
  bytesSent = 0
  readonly #streams: Streams
  readonly #events: LinkEvents
  readonly #limits: Limits
  readonly #codec: Codec<unknown, Out>
  #paused = false
  #ended = false
  #over = false

  constructor(streams: Streams, events: LinkEvents, limits: Limits, codec: Codec<unknown, Out>) {
    this.#streams = streams
    this.#events = events
    this.#limits = limits
    this.#codec = codec
    // In a turn of its own: two busy sides would leave the event loop to nobody else.
    streams[0].on('readable', () => setImmediate(() => this.#read())).on('end', () => this.#peerGone())
    // The peer reads no more. That is no news when this side has ended: what it sent last is still to be read.
    streams[1].on('error', () => {}).on('close', () => this.#ended || this.#peerGone())
  }

  send(message: Out, options: SendOptions | undefined): boolean {
    if (options?.transfer?.length) throw new IpcError('IPC_NOT_SUPPORTED', 'bytes transfer nothing')
    const bytes = this.#encode(message)
    const cost = bytes.length + MESSAGE_OVERHEAD_BYTES
    this.bytesSent += bytes.length
    this.bufferedMessages++
    this.bufferedBytes += cost
    this.congested ||= this.bufferedBytes >= this.#limits.highWaterMarkBytes
    this.#streams[1].write({ kind: 'message', bytes } satisfies Frame, (error) => {
      if (error || this.#over) return
      this.bufferedMessages--
      this.bufferedBytes -= cost
      if (!this.congested || this.bufferedBytes > this.#limits.highWaterMarkBytes / 2) return
      this.congested = false
      this.#events.flowing()
    })
    return !this.congested
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    setImmediate(() => this.#read())
  }

  end(): void {
    this.#streams[1].write({ kind: 'end' } satisfies Frame, (error) => {
      if (error || this.#over) return
      this.#ended = true
      this.#events.ended()
    })
  }

  destroy(abort: IpcError | undefined): void {
    this.#over = true
    if (abort !== undefined) this.#streams[1].write({ kind: 'abort', why: abort.message } satisfies Frame)
    this.#streams[1].end()
    this.#streams[0].destroy()
  }

  /** Streams in memory keep no process alive. */
  ref(): void {}
  unref(): void {}

  #encode(message: Out): Uint8Array {
    const most = this.#limits.maxMessageBytes
    for (let size = this.#codec.sizeOf?.(message) ?? 256; ; size = 4 * size + 1) {
      const target = new Uint8Array(Math.min(size, most))
      const end = this.#codec.encode(message, target, 0)
      if (end >= 0) return target.subarray(0, end)
      if (size >= most) throw new IpcError('IPC_MESSAGE_TOO_LARGE', `message exceeds ${most} bytes`)
    }
  }

  #read(): void {
    while (!this.#paused && !this.#over) {
      const frame: Frame | null = this.#streams[0].read()
      if (frame === null) return
      if (frame.kind === 'message') this.#events.deliverEncoded(frame.bytes, 0, frame.bytes.length)
      else if (frame.kind === 'end') this.#events.peerEnded()
      else if (frame.kind === 'abort') this.#events.lost(new IpcError('IPC_ABORTED', frame.why))
      else this.#events.lost(new IpcError('IPC_PROTOCOL', `unexpected ${frame.kind}`))
    }
  }

  /** What it had sent is read first: no more than the streams hold. */
  #peerGone(): void {
    this.#paused = false
    this.#read()
    if (!this.#over) this.#events.lost(new IpcError('IPC_PEER_LOST', 'the peer is gone'))
  }
}

import type { Socket } from 'node:net'
import { IpcError } from '@ipc/core'
import { Fifo } from '@ipc/core/internal'
import {
  encodeCredit,
  FRAME,
  fragment,
  HEADER_BYTES,
  MAX_CREDIT,
  MESSAGE_COST_BYTES,
  WHOLE,
  writeHeader,
} from './frame.js'
import { type Encoder, type Outgoing, SendBatch } from './send-batch.js'
import { SLAB_BYTES } from './slab-pool.js'

/** What collects before a write does not wait for the end of the tick. */
const FLUSH_BYTES = 65_536

/** What the peer takes, and this side's own limit. */
export interface SendLimits {
  readonly maxFrameBytes: number
  readonly maxMessageBytes: number
  /** What the peer takes before it grants more. */
  readonly credit: number
}

/** Cheaper than `queueMicrotask`, which makes an async resource each time. */
const TICK: Promise<void> = Promise.resolve()

/**
 * Messages on their way into a socket: all of one tick in one write, and while the socket is busy, or the peer grants
 * no credit, all that comes meanwhile in the next ones.
 */
export class SendQueue<Out> {
  /** Bytes of queued frames that the kernel has not taken. */
  bufferedBytes = 0
  bufferedMessages = 0
  readonly #socket: Socket
  readonly #codec: Encoder<Out>
  readonly #limits: SendLimits
  readonly #onProgress: () => void
  readonly #batches = new Fifo<SendBatch>()
  #open: SendBatch | undefined
  #spare: SendBatch | undefined
  #credit: number
  /** To be granted to the peer with the next write. */
  #grant = 0
  #writing: Outgoing | undefined
  /** Of this batch nothing is left once the write is done. */
  #emptied: SendBatch | undefined
  /** Writes that were done when `write` returned, and whose callbacks are still to come. */
  #early = 0
  #encoding = false
  #scheduled = false
  #cleared = false

  /** @param onProgress - Called when the kernel has taken bytes. */
  constructor(socket: Socket, codec: Encoder<Out>, limits: SendLimits, onProgress: () => void) {
    this.#socket = socket
    this.#codec = codec
    this.#limits = limits
    this.#credit = limits.credit
    this.#onProgress = onProgress
  }

  /**
   * Encode a message and queue it; returns its size.
   *
   * @throws IpcError `IPC_MESSAGE_TOO_LARGE`, and what the codec throws. Nothing is queued then.
   */
  add(message: Out): number {
    // A getter of the message that sends would write into the middle of it.
    if (this.#encoding) throw new TypeError('send was called from within the encoding of another message')
    this.#encoding = true
    let size: number
    try {
      size = this.#encode(message)
    } finally {
      this.#encoding = false
    }
    if (this.#credit > 0) this.#flushSoon()
    return size
  }

  /** Queue a frame behind the messages. */
  addFrame(frame: Buffer): void {
    this.#openBatch().add([frame], 0, 0)
    this.bufferedBytes += frame.length
    this.flush()
  }

  /** The peer takes more. */
  addCredit(bytes: number): void {
    this.#credit += bytes
    this.#flushSoon()
  }

  /** Grant the peer more: this overtakes the messages. */
  grant(bytes: number): void {
    this.#grant += bytes
    this.#flushSoon()
  }

  /** Write what may be written, unless the socket is busy: then its callback does. */
  flush(): void {
    while (this.#writing === undefined && !this.#cleared) {
      const write = this.#next()
      if (write === undefined) break
      this.#write(write)
    }
    this.#onProgress()
  }

  /** Forget what is queued. What the socket has already it keeps. */
  clear(): void {
    this.#cleared = true
    this.#batches.clear()
    this.#open = undefined
  }

  #encode(message: Out): number {
    const { maxFrameBytes, maxMessageBytes } = this.#limits
    const known = this.#codec.sizeOf?.(message)
    if (known !== undefined && known > maxMessageBytes) throw this.#tooLarge(known)
    const size = this.#encodeInSlab(message, known, Math.min(maxFrameBytes, maxMessageBytes))
    if (size > maxMessageBytes) throw this.#tooLarge(size)
    if (size >= 0 && size <= maxFrameBytes) return size
    return this.#addAlone(this.#encodeAlone(message, known))
  }

  /** Returns the size; -1 when a slab does not hold it. Above `maxBytes` nothing was queued. */
  #encodeInSlab(message: Out, known: number | undefined, maxBytes: number): number {
    if (known !== undefined && (known > maxBytes || known > SLAB_BYTES - HEADER_BYTES)) return -1
    const batch = this.#openBatch()
    const used = batch.bytes > 0
    let length = batch.encode(this.#codec, message, maxBytes)
    if (length < 0 && used) length = this.#openBatch(true).encode(this.#codec, message, maxBytes)
    if (length < 0 || length > maxBytes) return length
    this.bufferedBytes += HEADER_BYTES + length
    this.bufferedMessages++
    return length
  }

  /** Encode into memory of its own, behind room for a header. */
  #encodeAlone(message: Out, known: number | undefined): Buffer {
    const { maxMessageBytes } = this.#limits
    for (let capacity = known ?? 2 * SLAB_BYTES; ; capacity *= 4) {
      const target = Buffer.allocUnsafeSlow(HEADER_BYTES + Math.min(capacity, maxMessageBytes))
      const end = this.#codec.encode(message, target, HEADER_BYTES)
      if (end >= 0) return target.subarray(0, end)
      if (capacity >= maxMessageBytes) throw this.#tooLarge(undefined)
    }
  }

  #addAlone(frame: Buffer): number {
    const { maxFrameBytes } = this.#limits
    const length = frame.length - HEADER_BYTES
    const batch = this.#openBatch()
    const before = batch.bytes
    let pieces = [frame]
    if (length <= maxFrameBytes) writeHeader(frame, 0, length, FRAME.data, WHOLE)
    else pieces = fragment(frame.subarray(HEADER_BYTES), maxFrameBytes)
    batch.add(pieces, 1, length + MESSAGE_COST_BYTES)
    this.bufferedBytes += batch.bytes - before
    this.bufferedMessages++
    return length
  }

  #openBatch(fresh = false): SendBatch {
    const open = this.#open
    // Batches stay small, so that progress shows in steps while a slow peer takes them.
    if (open !== undefined && !fresh && open.bytes < SLAB_BYTES) return open
    const batch = this.#spare ?? new SendBatch()
    this.#spare = undefined
    this.#batches.push(batch)
    this.#open = batch
    return batch
  }

  #flushSoon(): void {
    if (this.#writing !== undefined) return
    if (this.bufferedBytes >= FLUSH_BYTES) this.flush()
    else if (!this.#scheduled) {
      this.#scheduled = true
      void TICK.then(this.#flushScheduled)
    }
  }

  readonly #flushScheduled = (): void => {
    this.#scheduled = false
    this.flush()
  }

  #next(): Outgoing | undefined {
    const batch = this.#batches.peek()
    let next = batch?.take(this.#credit)
    if (next !== undefined) this.#credit -= next.cost
    if (batch?.empty) {
      this.#emptied = batch
      this.#batches.shift()
      if (batch === this.#open) this.#open = undefined
    }
    if (this.#grant > 0) {
      const granted = Math.min(this.#grant, MAX_CREDIT)
      this.#grant -= granted
      next ??= { pieces: [], bytes: 0, messages: 0, cost: 0 }
      next.pieces.unshift(encodeCredit(granted))
    }
    return next
  }

  #write(write: Outgoing): void {
    const socket = this.#socket
    const { pieces } = write
    const last = pieces.length - 1
    this.#writing = write
    if (last > 0) socket.cork()
    for (let i = 0; i < last; i++) socket.write(pieces[i]!)
    socket.write(pieces[last]!, this.#onWritten)
    if (last > 0) socket.uncork()
    // The kernel took it all at once, as it mostly does: the memory is free now, not when the callback comes.
    if (socket.writableLength === 0 && !socket.destroyed) {
      this.#early++
      this.#settle(write)
    }
  }

  readonly #onWritten = (error?: Error | null): void => {
    if (this.#early > 0) {
      this.#early--
      return
    }
    const write = this.#writing
    // What failed stays counted as not sent; the socket's 'error' ends the connection.
    if (write === undefined || error instanceof Error) return
    this.#settle(write)
    this.flush()
  }

  #settle({ bytes, messages }: Outgoing): void {
    this.#writing = undefined
    this.bufferedBytes -= bytes
    this.bufferedMessages -= messages
    if (this.#emptied === undefined) return
    this.#emptied.reset()
    this.#spare = this.#emptied
    this.#emptied = undefined
  }

  #tooLarge(bytes: number | undefined): IpcError {
    const { maxMessageBytes } = this.#limits
    const what = bytes === undefined ? 'message' : `message of ${bytes} bytes`
    return new IpcError('IPC_MESSAGE_TOO_LARGE', `${what} exceeds maxMessageBytes of ${maxMessageBytes}`, {
      details: { ...(bytes === undefined ? {} : { bytes }), maxMessageBytes },
    })
  }
}

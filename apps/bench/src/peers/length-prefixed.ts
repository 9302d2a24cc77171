import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { End, LinkShape } from '../net/link.js'

/** Before each message: its length, in 32 bits. */
const PREFIX_BYTES = 4
/** What collects before it is written, unless one message is more. */
const BATCH_BYTES = 65_536
/** Batches that are kept to be filled again. */
const SPARE_BATCHES = 32

/**
 * Messages on a stream as somebody writes them who has only `node:net` and wants it fast: a length before each, many in a
 * write, and as much under way as ours has. It has no limits, and no end that the other side could tell from a break.
 */
export class LengthPrefixedEnd implements End {
  readonly #socket: Socket
  readonly #batchBytes: number
  readonly #windowBytes: number
  readonly #spare: Buffer[] = []
  #batch: Buffer
  #filled = 0
  #underWay = 0
  #resume: (() => void) | undefined

  constructor(socket: Socket, { messageBytes, windowBytes }: LinkShape) {
    this.#socket = socket
    this.#windowBytes = windowBytes
    this.#batchBytes = Math.max(BATCH_BYTES, PREFIX_BYTES + messageBytes)
    this.#batch = this.#freshBatch()
  }

  send(message: Uint8Array): boolean {
    if (this.#filled + PREFIX_BYTES + message.length > this.#batchBytes) this.flush()
    const batch = this.#batch
    batch.writeInt32LE(message.length, this.#filled)
    batch.set(message, this.#filled + PREFIX_BYTES)
    this.#filled += PREFIX_BYTES + message.length
    return this.#underWay + this.#filled < this.#windowBytes
  }

  flush(): void {
    const batch = this.#batch
    const length = this.#filled
    if (length === 0) return
    this.#batch = this.#freshBatch()
    this.#filled = 0
    this.#underWay += length
    this.#socket.write(batch.subarray(0, length), () => {
      this.#underWay -= length
      if (this.#spare.length < SPARE_BATCHES) this.#spare.push(batch)
      if (this.#underWay > this.#windowBytes / 2) return
      this.#resume?.()
      this.#resume = undefined
    })
  }

  drained(): Promise<void> {
    this.flush()
    return new Promise((resolve) => {
      this.#resume = resolve
    })
  }

  onMessage(listener: (bytes: Uint8Array, at: number) => void): void {
    const reader = new LengthPrefixReader(listener)
    this.#socket.on('data', (chunk: Buffer) => reader.push(chunk))
  }

  echo(): void {
    const socket: Duplex = this.#socket
    socket.on('data', (chunk: Buffer) => socket.write(chunk))
  }

  #freshBatch(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#batchBytes)
  }
}

/** Finds messages in chunks of a stream; only what is cut is copied. */
class LengthPrefixReader {
  readonly #listener: (bytes: Uint8Array, at: number) => void
  /** A message that is not complete, its prefix included. */
  #partial: Buffer = Buffer.alloc(BATCH_BYTES)
  #length = 0

  constructor(listener: (bytes: Uint8Array, at: number) => void) {
    this.#listener = listener
  }

  push(chunk: Buffer): void {
    let at = this.#length > 0 ? this.#complete(chunk) : 0
    while (at + PREFIX_BYTES <= chunk.length) {
      const end = at + PREFIX_BYTES + chunk.readInt32LE(at)
      if (end > chunk.length) break
      this.#listener(chunk, at + PREFIX_BYTES)
      at = end
    }
    if (at < chunk.length) this.#keep(chunk, at, chunk.length)
  }

  /** Add to the message under way what belongs to it; returns where the next one begins. */
  #complete(chunk: Buffer): number {
    let at = 0
    if (this.#length < PREFIX_BYTES) {
      at = Math.min(PREFIX_BYTES - this.#length, chunk.length)
      this.#keep(chunk, 0, at)
      if (this.#length < PREFIX_BYTES) return at
    }
    const total = PREFIX_BYTES + this.#partial.readInt32LE(0)
    const end = Math.min(at + total - this.#length, chunk.length)
    this.#keep(chunk, at, end, total)
    if (this.#length === total) {
      this.#length = 0
      this.#listener(this.#partial, PREFIX_BYTES)
    }
    return end
  }

  #keep(chunk: Buffer, start: number, end: number, total: number = 0): void {
    const length = this.#length + end - start
    if (length > this.#partial.length || total > this.#partial.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, total))
      grown.set(this.#partial.subarray(0, this.#length))
      this.#partial = grown
    }
    this.#partial.set(chunk.subarray(start, end), this.#length)
    this.#length = length
  }
}

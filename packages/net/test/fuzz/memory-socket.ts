import { Duplex } from 'node:stream'

/** What a dialer's socket is read by. */
interface OnRead {
  readonly buffer: Uint8Array
  callback(length: number): boolean
}

/** One end of a connection without a network: what a `net.Socket` is to this package. The other end is the test. */
export class MemorySocket extends Duplex {
  readonly remoteAddress = '192.0.2.1'
  readonly remotePort: number = 4000
  /** All that was written. */
  readonly written: Buffer[] = []
  /** The other end has been told that nothing more comes. */
  hasEnded = false
  /** The other end takes nothing. */
  isStalled = false
  readonly #onread: OnRead | undefined
  #waiting: (() => void) | undefined

  constructor(onread?: OnRead) {
    super({ allowHalfOpen: true })
    this.#onread = onread
    if (onread !== undefined) this.resume()
  }

  /** `bytes` come in. */
  deliver(bytes: Uint8Array): void {
    if (this.destroyed || this.readableEnded) return
    if (this.#onread === undefined) {
      this.push(Buffer.from(bytes))
      return
    }
    const { buffer, callback } = this.#onread
    for (let at = 0; at < bytes.length && !this.destroyed; at += buffer.length) {
      const piece = bytes.subarray(at, at + buffer.length)
      buffer.set(piece)
      callback(piece.length)
    }
  }

  /** The other end sends FIN. */
  deliverEnd(): void {
    if (!this.destroyed && !this.readableEnded) this.push(null)
  }

  /** The other end is gone. */
  deliverReset(): void {
    this.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
  }

  /** What is written is taken from now on. */
  flow(): void {
    this.isStalled = false
    const waiting = this.#waiting
    this.#waiting = undefined
    // What waits to be written goes with the socket.
    if (!this.destroyed) waiting?.()
  }

  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }

  resetAndDestroy(): void {
    this.destroy()
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const take = (): void => {
      // The memory is its owner's again once it is written.
      this.written.push(Buffer.from(chunk))
      done()
    }
    if (this.isStalled) this.#waiting = take
    else take()
  }

  override _final(done: () => void): void {
    this.hasEnded = true
    done()
  }
}

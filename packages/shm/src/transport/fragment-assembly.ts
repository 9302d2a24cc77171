import { IpcError } from '@ipc/core'

/** First size of the buffer of a message in fragments; it doubles as they come. */
const FIRST_BYTES = 65_536

/** Puts together a message that came in fragments because it is longer than a record can be. */
export class FragmentAssembly {
  /** Payload bytes of the record that announces the length: an int32. */
  static readonly ANNOUNCEMENT_BYTES = 4

  readonly #maxMessageBytes: number
  #total = -1
  #length = 0
  #buffer: Uint8Array = new Uint8Array(0)

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes
  }

  /** Write the announcement of a message of `total` bytes. */
  static announce(target: Uint8Array, index: number, total: number): void {
    new DataView(target.buffer, target.byteOffset + index, 4).setInt32(0, total, true)
  }

  begin(source: Uint8Array, start: number, end: number): void {
    const bytes = end - start
    const total =
      bytes === 4 ? new DataView(source.buffer, source.byteOffset + start, 4).getInt32(0, true) : -1
    if (this.#total >= 0 || total < 0 || total > this.#maxMessageBytes) {
      throw new IpcError(
        'IPC_PROTOCOL',
        `the peer announced a message of ${total} bytes, maxMessageBytes is ${this.#maxMessageBytes}`,
      )
    }
    this.#total = total
    this.#length = 0
  }

  /** Returns the message when this was its last fragment. */
  add(source: Uint8Array, start: number, end: number): Uint8Array | undefined {
    const length = this.#length + (end - start)
    if (this.#total < 0 || length > this.#total) {
      throw new IpcError('IPC_PROTOCOL', 'the peer sent a fragment that belongs to no message')
    }
    if (length > this.#buffer.length) this.#grow(length)
    this.#buffer.set(source.subarray(start, end), this.#length)
    this.#length = length
    if (length < this.#total) return undefined
    const message = this.#buffer.subarray(0, length)
    this.#total = -1
    this.#buffer = new Uint8Array(0)
    return message
  }

  /** By doubling, not by what the peer announced: memory is spent on bytes that came, not on bytes promised. */
  #grow(length: number): void {
    const size = Math.min(this.#total, Math.max(length, 2 * this.#buffer.length, FIRST_BYTES))
    const grown = new Uint8Array(size)
    grown.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = grown
  }
}

import { type Codec, IpcError } from '@ipc/core'

const FIRST_BYTES = 65_536
/** Above this size the memory is given back after use. */
const KEPT_BYTES = 1_048_576
/** Up to this size a loop over words beats the call into the engine that `set` is. */
const LOOP_BYTES = 256

/** Where messages are encoded whose size is not known beforehand. */
export class Scratch<Out> {
  readonly #codec: Codec<unknown, Out>
  readonly #maxMessageBytes: number
  #bytes: Uint8Array = new Uint8Array(FIRST_BYTES)
  #words: Int32Array = new Int32Array(this.#bytes.buffer)
  #targetWords: Int32Array = this.#words

  constructor(codec: Codec<unknown, Out>, maxMessageBytes: number) {
    this.#codec = codec
    this.#maxMessageBytes = maxMessageBytes
  }

  /**
   * Encode `message`, at the start of the scratch memory.
   *
   * @returns its length.
   * @throws IpcError `IPC_MESSAGE_TOO_LARGE`.
   */
  encode(message: Out): number {
    let length = this.#codec.encode(message, this.#bytes, 0)
    while (length < 0) {
      if (this.#bytes.length > this.#maxMessageBytes) throw this.tooLarge(this.#bytes.length)
      this.#resize(2 * this.#bytes.length)
      length = this.#codec.encode(message, this.#bytes, 0)
    }
    if (length > this.#maxMessageBytes) throw this.tooLarge(length)
    return length
  }

  /** Copy the first `length` bytes to `target[at...]`; `at` and the start of `target` are multiples of 4. */
  copyTo(target: Uint8Array, at: number, length: number): void {
    if (length > LOOP_BYTES) {
      target.set(this.#bytes.subarray(0, length), at)
      return
    }
    if (this.#targetWords.buffer !== target.buffer || this.#targetWords.byteOffset !== target.byteOffset) {
      this.#targetWords = new Int32Array(target.buffer, target.byteOffset, target.length >> 2)
    }
    const words = this.#words
    const targetWords = this.#targetWords
    // Whole words: the record is padded to 8 bytes, what lies behind the message is nobody's.
    for (let from = 0, to = at >> 2; from < (length + 3) >> 2; from++, to++) {
      targetWords[to] = words[from] as number
    }
  }

  /** A copy of the first `length` bytes, for keeping. */
  take(length: number): Uint8Array {
    const copy = this.#bytes.slice(0, length)
    if (this.#bytes.length > KEPT_BYTES) this.#resize(FIRST_BYTES)
    return copy
  }

  tooLarge(bytes: number): IpcError {
    const maxMessageBytes = this.#maxMessageBytes
    return new IpcError(
      'IPC_MESSAGE_TOO_LARGE',
      `message of ${bytes} bytes or more exceeds maxMessageBytes of ${maxMessageBytes} (the smaller of both sides)`,
      { details: { bytes, maxMessageBytes } },
    )
  }

  #resize(bytes: number): void {
    this.#bytes = new Uint8Array(bytes)
    this.#words = new Int32Array(this.#bytes.buffer)
  }
}

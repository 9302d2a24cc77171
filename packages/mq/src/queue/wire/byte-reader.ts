const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads what a `ByteWriter` wrote. Bytes of a peer: everything is checked, and a RangeError or TypeError says what is wrong. */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  byte(): number {
    return this.#bytes[this.#take(1)]!
  }

  count(): number {
    let value = 0
    let scale = 1
    for (;;) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (Number.isSafeInteger(value)) return value
        break
      }
      scale *= 0x80
      if (scale > Number.MAX_SAFE_INTEGER) break
    }
    throw new RangeError('a count above 2^53')
  }

  signed(): number {
    const value = this.count()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  float(): number {
    return this.#view.getFloat64(this.#take(8), true)
  }

  text(): string {
    const length = this.count()
    const start = this.#take(length)
    return decoder.decode(this.#bytes.subarray(start, start + length))
  }

  /** Not a copy: keeps what it lies in. */
  bytes(): Uint8Array {
    const length = this.count()
    const start = this.#take(length)
    const { buffer, byteOffset } = this.#bytes
    return new Uint8Array(buffer, byteOffset + start, length)
  }

  #take(length: number): number {
    const start = this.#at
    if (length > this.#bytes.length - start)
      throw new RangeError(`${length} bytes at ${start}, behind the end`)
    this.#at = start + length
    return start
  }
}

const FIRST_BYTES = 4096
const LARGEST_KEPT_BYTES = 2 ** 20
const encoder = new TextEncoder()

/** Puts values one after the other into memory that grows. */
export class ByteWriter {
  #bytes = new Uint8Array(FIRST_BYTES)
  #view = new DataView(this.#bytes.buffer)
  #end = 0

  get length(): number {
    return this.#end
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#end++] = value
  }

  /** An integer from 0 to 2^53 - 1, seven bits in a byte, the lowest first. */
  count(value: number): void {
    this.#reserve(8)
    let rest = value
    while (rest > 0x7f) {
      this.#bytes[this.#end++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#end++] = rest
  }

  /** A small integer of either sign. */
  signed(value: number): void {
    this.count(value < 0 ? -2 * value - 1 : 2 * value)
  }

  /** Any number, as a little-endian float of 64 bits. */
  float(value: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.#end, value, true)
    this.#end += 8
  }

  text(value: string): void {
    const { length } = value
    this.#reserve(8 + length)
    const start = this.#end
    this.count(length)
    for (let i = 0; i < length; i++) {
      const unit = value.charCodeAt(i)
      if (unit > 0x7f) {
        this.#end = start
        this.bytes(encoder.encode(value))
        return
      }
      this.#bytes[this.#end++] = unit
    }
  }

  bytes(value: Uint8Array): void {
    this.count(value.length)
    this.#reserve(value.length)
    this.#bytes.set(value, this.#end)
    this.#end += value.length
  }

  /** A copy of `[start, end)` of what was put in. */
  slice(start: number, end: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(start, end)
  }

  clear(): void {
    this.#end = 0
    if (this.#bytes.length > LARGEST_KEPT_BYTES) this.#give(new Uint8Array(FIRST_BYTES))
  }

  #reserve(length: number): void {
    if (this.#end + length <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#end + length, 2 * this.#bytes.length))
    grown.set(this.#bytes.subarray(0, this.#end))
    this.#give(grown)
  }

  #give(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer)
  }
}

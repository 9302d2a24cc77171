/** Memory that is kept from one message to the next. */
const KEPT_BYTES = 262_144
const FIRST_BYTES = 4096

const NONE: Buffer = Buffer.alloc(0)

/** The bytes so far of a message that comes in pieces. */
export class PartialMessage {
  bytes: Buffer = NONE
  length = 0

  get capacity(): number {
    return this.bytes.length
  }

  /** Add `source[start, end)` of a message of `total` bytes. */
  append(source: Uint8Array, start: number, end: number, total: number): void {
    const length = this.length + (end - start)
    if (length > this.bytes.length) this.#grow(length, total)
    this.bytes.set(start === 0 && end === source.length ? source : source.subarray(start, end), this.length)
    this.length = length
  }

  /** Begin anew. */
  clear(): void {
    this.length = 0
    if (this.bytes.length > KEPT_BYTES) this.bytes = NONE
  }

  free(): void {
    this.length = 0
    this.bytes = NONE
  }

  /** Doubling bounds the memory by twice of what came in, and the copying by as much. */
  #grow(length: number, total: number): void {
    const wanted = Math.max(2 * this.bytes.length, FIRST_BYTES)
    const grown = Buffer.allocUnsafeSlow(Math.max(length, Math.min(total, wanted)))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
}

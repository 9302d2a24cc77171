/** What a slab starts with, and goes back to after it was much larger. */
const SLAB_BYTES = 16 * 1024
const LARGEST_KEPT_BYTES = 256 * 1024

/** From here on moving memory to the other side is cheaper than having it copied. */
export const MOVE_BYTES = 4096

/** Memory in which messages are put one after the other; grows as they need. */
export class Slab {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(SLAB_BYTES)
  /** Where the next one goes. */
  end = 0

  /** Make `bytes` reach to `length` at least. */
  reserve(length: number): void {
    if (length <= this.bytes.byteLength) return
    const grown = new Uint8Array(Math.max(length, 2 * this.bytes.byteLength))
    grown.set(this.bytes.subarray(0, this.end))
    this.bytes = grown
  }

  append(bytes: Uint8Array): void {
    this.reserve(this.end + bytes.byteLength)
    this.bytes.set(bytes, this.end)
    this.end += bytes.byteLength
  }

  /** A copy of what was put in; the slab is empty then. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.bytes.slice(0, this.end)
    this.end = 0
    if (this.bytes.byteLength > LARGEST_KEPT_BYTES) this.bytes = new Uint8Array(SLAB_BYTES)
    return taken
  }
}

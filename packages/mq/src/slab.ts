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

  /** What was put in, in memory that is the caller's then; the slab is empty. */
  take(): Uint8Array<ArrayBuffer> {
    const { bytes, end } = this
    const isLarge = bytes.byteLength > LARGEST_KEPT_BYTES
    // What will be moved is not copied before, unless that would move more that is empty.
    const givesAway = end >= MOVE_BYTES && 2 * end > bytes.byteLength
    if (isLarge) this.bytes = new Uint8Array(SLAB_BYTES)
    else if (givesAway) this.bytes = new Uint8Array(bytes.byteLength)
    this.end = 0
    return givesAway ? bytes.subarray(0, end) : bytes.slice(0, end)
  }
}

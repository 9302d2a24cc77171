import { CELL_LENGTH, CELL_PAYLOAD, CELLS, cellBytes, VALUE_CELLS, VALUE_VERSION } from './value-layout.js'

/**
 * What follows version -1: 0 says that there is no value. A whole round, so that the cells are still written in turn, and
 * a version that lies behind by less than `CELLS - 1` still means that its cell was not touched.
 */
const FIRST_AFTER_WRAP = CELLS

/** How words are read that somebody may be writing. */
export type CopyForm = 'plain' | 'atomic'

/**
 * The cells of a value: a seqlock over several cells. The writer fills the cell that is out of date longest, and then
 * moves the version; whoever reads copies the latest cell and looks at the version again. The writer waits for nobody,
 * and if it dies in the middle, the last value stays.
 *
 * A copy is whole when the version has moved by less than `CELLS - 1` meanwhile. To be sure of that, the second look
 * has to come after the copy for the memory too, which a plain copy between two loads does not give (Boehm, "Can
 * seqlocks get along with programming language memory models?", 2012; so it is in the memory model of ECMAScript). Two
 * forms do:
 *
 * - plain: the copy is plain, the second look is a read-modify-write, and so is each move of the version. If the look
 *   sees the version as it was before the move that precedes a write to this cell, it comes before that move, and the
 *   copy before the write. It takes memory that the reader may write.
 * - atomic: every word is stored and loaded atomically; for readers that cannot write.
 */
export class ValueCells {
  readonly #words: Int32Array
  readonly #payloads: readonly Uint8Array[]
  readonly #version: number
  readonly #cells: number
  readonly #cellBytes: number
  /** Largest payload. */
  readonly maxBytes: number
  readonly #atomic: boolean
  readonly #writable: boolean
  /** The copy that `read` makes. */
  readonly copy: Uint8Array
  readonly #copyWords: Int32Array
  /** The payload in `copy`. */
  readonly #scratch: Uint8Array
  #seen = 0

  /**
   * @param words - The whole region.
   * @param offset - Where the value begins in it, in bytes; a multiple of 64.
   * @param form - How the writer writes.
   * @param writable - Whether this side may write at all.
   */
  constructor(words: Int32Array, offset: number, maxBytes: number, form: CopyForm, writable: boolean) {
    this.#words = words
    this.#version = (offset + VALUE_VERSION) >> 2
    this.#cells = offset + VALUE_CELLS
    this.#cellBytes = cellBytes(maxBytes)
    this.maxBytes = maxBytes
    this.#atomic = form === 'atomic'
    this.#writable = writable
    this.copy = new Uint8Array(this.#cellBytes)
    this.#copyWords = new Int32Array(this.copy.buffer)
    this.#scratch = this.copy.subarray(CELL_PAYLOAD, CELL_PAYLOAD + maxBytes)
    // A view for each, so that no codec can write into the next one.
    this.#payloads = Array.from(
      { length: CELLS },
      (_, cell) =>
        new Uint8Array(words.buffer, this.#cells + cell * this.#cellBytes + CELL_PAYLOAD, maxBytes),
    )
  }

  /** How many values were set, as an int32 that wraps to `FIRST_AFTER_WRAP`. */
  get version(): number {
    return Atomics.load(this.#words, this.#version)
  }

  /**
   * Set the next value. One writer at a time.
   *
   * @param encode - Writes the payload into `bytes` at `start` and returns its end; -1 when it does not fit. If it
   * throws nothing has happened.
   * @returns false when it does not fit.
   */
  write(encode: (bytes: Uint8Array, start: number) => number): boolean {
    const version = this.version
    const step = version === -1 ? 1 + FIRST_AFTER_WRAP : 1
    const cell = this.#cellOf(version + step)
    const payload = this.#payloads[(version + step) & (CELLS - 1)] as Uint8Array
    const target = this.#atomic ? this.#scratch : payload
    const length = encode(target, 0)
    if (length < 0 || length > this.maxBytes) return false
    if (this.#atomic) this.#storeAtomically(cell, length)
    else this.#words[(cell + CELL_LENGTH) >> 2] = length
    // A read-modify-write: pairs with the look at the version in read(), see the class.
    Atomics.add(this.#words, this.#version, step)
    return true
  }

  /**
   * Copy the latest value to `copy`.
   *
   * @returns the index after its last byte in `copy`, where it begins at `CELL_PAYLOAD`; -1 when none was set yet.
   */
  read(): number {
    while (true) {
      // Acquire: pairs with the add in write(); the cell is written before it.
      const version = Atomics.load(this.#words, this.#version)
      if (version === 0) return -1
      const cell = this.#cellOf(version)
      const length = this.#atomic ? this.#copyAtomically(cell) : this.#copyPlain(cell)
      // The second look: a read-modify-write that changes nothing, or a load where all else is atomic too.
      const now =
        this.#atomic || !this.#writable
          ? Atomics.load(this.#words, this.#version)
          : Atomics.add(this.#words, this.#version, 0)
      if (((now - version) | 0) < CELLS - 1) {
        this.#seen = version
        return CELL_PAYLOAD + length
      }
    }
  }

  /** Version of the value that was read last. */
  get seen(): number {
    return this.#seen
  }

  #cellOf(version: number): number {
    return this.#cells + (version & (CELLS - 1)) * this.#cellBytes
  }

  /** Store what was encoded to `#scratch`. */
  #storeAtomically(cell: number, length: number): void {
    const last = (CELL_PAYLOAD + length + 3) >> 2
    this.#copyWords[CELL_LENGTH >> 2] = length
    for (let word = 0, to = cell >> 2; word < last; word++, to++) {
      // Pairs with the loads in #copyAtomically.
      Atomics.store(this.#words, to, this.#copyWords[word] as number)
    }
  }

  #copyPlain(cell: number): number {
    const length = this.#clamped(this.#words[(cell + CELL_LENGTH) >> 2] as number)
    if (length > 256) {
      const payload = this.#payloads[(cell - this.#cells) / this.#cellBytes] as Uint8Array
      this.copy.set(payload.subarray(0, length), CELL_PAYLOAD)
      return length
    }
    // A loop over words beats the call into the engine.
    const last = (CELL_PAYLOAD + length + 3) >> 2
    for (let word = CELL_PAYLOAD >> 2, from = (cell + CELL_PAYLOAD) >> 2; word < last; word++, from++) {
      this.#copyWords[word] = this.#words[from] as number
    }
    return length
  }

  #copyAtomically(cell: number): number {
    const from = cell >> 2
    const length = this.#clamped(Atomics.load(this.#words, from + (CELL_LENGTH >> 2)))
    const last = (CELL_PAYLOAD + length + 3) >> 2
    for (let word = CELL_PAYLOAD >> 2; word < last; word++) {
      // Pairs with the stores in write().
      this.#copyWords[word] = Atomics.load(this.#words, from + word)
    }
    return length
  }

  /** What is being written right now may be any number. */
  #clamped(length: number): number {
    return Math.max(0, Math.min(length, this.maxBytes))
  }
}

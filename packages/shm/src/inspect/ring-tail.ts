/** A record of a ring that somebody else reads: a copy. */
export interface TailedRecord {
  readonly payload: Uint8Array
  readonly kind: number
  /** Where it begins in the ring's count of bytes. */
  readonly position: number
  /** Of a broadcast ring: its number, from 0 to 2^32 - 1 and over again. */
  readonly sequence: number | undefined
}

/**
 * Reads the records of a ring without being one of its consumers: it writes nothing, and neither side notices. What is
 * written over before it was read is left out, and counted.
 */
export interface RingTail {
  /** The next record; `undefined` when there is none yet. Never waits. */
  next(): TailedRecord | undefined
  /** Leave out what is there. */
  skip(): void
  /** Bytes of the ring that were left out. */
  readonly lostBytes: number
}

/** What lies at a position of a ring; without a payload it is padding. */
export interface Piece {
  /** Bytes that it takes in the ring. */
  readonly bytes: number
  readonly kind: number
  readonly payload: Uint8Array | undefined
  readonly sequence?: number
}

/** How a {@link RingTail} reads rings of one kind. */
export interface TailSource {
  /** Behind what is published. */
  end(): number
  /** Where the oldest record begins that is sure to be there. */
  oldest(): number
  /** What lies at `position`: a copy that is known to be whole, `'none'` when nothing is there yet, `'gone'` when it is. */
  at(position: number): Piece | 'none' | 'gone'
}

/** A {@link RingTail} over a ring of any kind. */
export class PollingTail implements RingTail {
  readonly #source: TailSource
  #position: number
  #lostBytes = 0

  constructor(source: TailSource, from: 'latest' | 'oldest') {
    this.#source = source
    this.#position = from === 'oldest' ? source.oldest() : source.end()
  }

  get lostBytes(): number {
    return this.#lostBytes
  }

  next(): TailedRecord | undefined {
    while (true) {
      const position = this.#position
      const found = this.#source.at(position)
      if (found === 'none') return undefined
      if (found === 'gone') {
        this.#goOn()
        continue
      }
      this.#position = (position + found.bytes) | 0
      const { payload, kind, sequence } = found
      if (payload !== undefined) return { payload, kind, position: position >>> 0, sequence }
    }
  }

  skip(): void {
    this.#goOnAt(this.#source.end())
  }

  /** With the oldest record that is there; where that is gone too, or comes before, with what comes next. */
  #goOn(): void {
    const oldest = this.#source.oldest()
    const isLater = ((oldest - this.#position) | 0) > 0
    if (isLater && this.#source.at(oldest) !== 'gone') this.#goOnAt(oldest)
    else this.skip()
  }

  #goOnAt(position: number): void {
    this.#lostBytes += (position - this.#position) >>> 0
    this.#position = position
  }
}

/** A copy of `bytes` bytes from the word `at` on, read word by word: in order, for the looks that follow. */
export function copyWords(words: Int32Array, at: number, bytes: number): Uint8Array {
  const copy = new Int32Array((bytes + 3) >> 2)
  for (let word = 0; word < copy.length; word++) copy[word] = Atomics.load(words, at + word)
  return new Uint8Array(copy.buffer, 0, bytes)
}

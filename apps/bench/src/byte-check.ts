import { Message } from './message.js'

/** Number of the message behind the last, as a receiver reads it. */
const END = -1
/** Distance of the words that are looked at, in bytes. */
const TOUCH_BYTES = 1024

/** As {@link Check}, for systems that deliver bytes wherever they came to lie: no word of them needs to be aligned. */
export class ByteCheck {
  #expected = 0
  readonly #last: number
  readonly #patternSum: number

  constructor(length: number) {
    this.#last = length - 4
    this.#patternSum = sumOfTouched(new Message(length).bytes, 0, this.#last)
  }

  /**
   * Check the message that begins at `bytes[at]`.
   *
   * @returns false when it is the one behind the last.
   */
  take(bytes: Uint8Array, at: number): boolean {
    const number = wordAt(bytes, at)
    const last = wordAt(bytes, at + this.#last)
    if (number !== this.#expected || last !== number || this.#sum(bytes, at) !== this.#patternSum) {
      return this.#takeEnd(bytes, at)
    }
    this.#expected++
    return true
  }

  #sum(bytes: Uint8Array, at: number): number {
    return sumOfTouched(bytes, at, this.#last)
  }

  #takeEnd(bytes: Uint8Array, at: number): false {
    const words = [wordAt(bytes, at), wordAt(bytes, at + 4), wordAt(bytes, at + this.#last)] as const
    const [number, count, last] = words
    if (number === END && last === END && count === this.#expected) {
      this.#expected = 0
      return false
    }
    throw new Error(`message ${this.#expected} expected, got ${number} (${count}) ... ${last}`)
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

function sumOfTouched(bytes: Uint8Array, at: number, last: number): number {
  let sum = 0
  for (let i = TOUCH_BYTES; i < last; i += TOUCH_BYTES) sum = (sum + wordAt(bytes, at + i)) | 0
  return sum
}

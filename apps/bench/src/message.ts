/** Number of the message behind the last; its second word says how many there were. */
const END = -1
/** Distance of the words that the receiver looks at, beside the first and the last. */
const TOUCH_WORDS = 256

/** The message that travels: a number in its first and its last word, a pattern between. The same in C: c/message.h. */
export class Message {
  readonly words: Int32Array<ArrayBuffer>
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly #last: number

  constructor(length: number) {
    this.words = Int32Array.from({ length: length / 4 }, (_, i) => i)
    this.bytes = new Uint8Array(this.words.buffer)
    this.#last = this.words.length - 1
  }

  number(number: number): void {
    this.words[0] = number
    this.words[this.#last] = number
  }

  /** The message behind the last of `count`. */
  static end(length: number, count: number): Message {
    const message = new Message(length)
    message.words[1] = count
    message.number(END)
    return message
  }
}

/** Checks that messages are complete and in order, with the same work for each system. */
export class Check {
  #expected = 0
  readonly #last: number
  readonly #patternSum: number

  constructor(length: number) {
    this.#last = length / 4 - 1
    this.#patternSum = sumOfTouched(new Message(length).words, 0, this.#last)
  }

  /** How many messages there were. */
  get count(): number {
    return this.#expected
  }

  /**
   * Check the message whose first word is `words[at]`.
   *
   * @returns false when it is the one behind the last.
   */
  take(words: Int32Array, at: number): boolean {
    const number = words[at] as number
    const sum = sumOfTouched(words, at, this.#last)
    if (number !== this.#expected || words[at + this.#last] !== number || sum !== this.#patternSum) {
      return this.#takeEnd(words, at)
    }
    this.#expected++
    return true
  }

  #takeEnd(words: Int32Array, at: number): false {
    if (words[at] === END && words[at + this.#last] === END && words[at + 1] === this.#expected) {
      this.#expected = 0
      return false
    }
    throw new Error(
      `message ${this.#expected} expected, got ${words[at]} (${words[at + 1]}) ... ${words[at + this.#last]}`,
    )
  }
}

function sumOfTouched(words: Int32Array, at: number, last: number): number {
  let sum = 0
  for (let i = TOUCH_WORDS; i < last; i += TOUCH_WORDS) sum = (sum + (words[at + i] as number)) | 0
  return sum
}

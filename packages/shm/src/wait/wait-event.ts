import { EVENT_ANY, EVENT_BITS, MAX_PARTICIPANTS } from '../layout.js'

const MASKS = MAX_PARTICIPANTS / 32

/** Wakes participants by their number. */
export interface Waker {
  wake(participant: number): void
}

/**
 * Something that participants wait for: records in a ring, room in it, a new value. It holds a bit for each participant
 * that is about to sleep, and a word that says whether there is any: signalling while nobody sleeps is one load.
 *
 * No wake-up is lost (Dekker): who waits sets its bit, and then looks once more; who signals has published before it
 * looks at the bits. All of these are sequentially consistent, so one of the two sees the other.
 */
export class WaitEvent {
  readonly #words: Int32Array
  readonly #any: number
  readonly #bits: number
  readonly #waker: Waker

  /** @param offset - Where the event lies, in bytes from the start of `words`. */
  constructor(words: Int32Array, offset: number, waker: Waker) {
    this.#words = words
    this.#any = (offset + EVENT_ANY) >> 2
    this.#bits = (offset + EVENT_BITS) >> 2
    this.#waker = waker
  }

  /** Ask for the next signal to wake `participant`. Look again at what is waited for after this. */
  arm(participant: number): void {
    Atomics.or(this.#words, this.#bits + (participant >> 5), 1 << (participant & 31))
    // After the bit: whoever sees the word set finds the bit. Pairs with the load in signal().
    Atomics.store(this.#words, this.#any, 1)
  }

  /** Take `arm` back. A wake-up may be under way all the same. */
  disarm(participant: number): void {
    Atomics.and(this.#words, this.#bits + (participant >> 5), ~(1 << (participant & 31)))
  }

  /** Whether a participant may be asleep. Pairs with the store in arm(). */
  get armed(): boolean {
    return Atomics.load(this.#words, this.#any) !== 0
  }

  /** Wake everyone who waits. Call it after what they wait for was published. */
  signal(): void {
    // Pairs with the store in arm().
    if (Atomics.load(this.#words, this.#any) !== 0) this.#wakeAll()
  }

  #wakeAll(): void {
    // Before the bits are taken: a bit set after this sets the word again.
    Atomics.store(this.#words, this.#any, 0)
    for (let mask = 0; mask < MASKS; mask++) {
      let bits = Atomics.exchange(this.#words, this.#bits + mask, 0)
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits & -bits)
        bits &= bits - 1
        this.#waker.wake(32 * mask + bit)
      }
    }
  }
}

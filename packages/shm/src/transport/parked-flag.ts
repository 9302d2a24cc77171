/**
 * Says that one side of a connection sleeps in its event loop and is to be rung. It is the word `any` of the ring's
 * events: with one waiter there are no bits to look at.
 *
 * No ring is lost (Dekker): who goes to sleep sets the flag, and then looks at the ring once more; who has moved a
 * position looks at the flag after it. All of these are sequentially consistent, so one of the two sees the other.
 */
export class ParkedFlag {
  readonly #words: Int32Array
  readonly #index: number

  /** @param offset - Where the flag lies in `words`, in bytes. */
  constructor(words: Int32Array, offset: number) {
    this.#words = words
    this.#index = offset >> 2
  }

  /** The own flag. Look at the ring again after setting it. Pairs with `isSet`. */
  set(parked: boolean): void {
    Atomics.store(this.#words, this.#index, parked ? 1 : 0)
  }

  /** Whether the peer sleeps. Pairs with `set`. */
  get isSet(): boolean {
    return Atomics.load(this.#words, this.#index) === 1
  }

  /** Whether the peer sleeps; true for one caller only, which rings it. Pairs with `set`. */
  take(): boolean {
    // The load first: an exchange for every message would cost more than all the rest.
    return this.isSet && Atomics.exchange(this.#words, this.#index, 0) === 1
  }
}

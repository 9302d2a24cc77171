/** What others may want to hear of what has changed in a queue since the last commit. */
export class TableNews {
  #haveCome = false
  #areTold = false
  /** There may be room. */
  hasRoom = false

  /**
   * Messages have come, for now or later.
   *
   * @returns whether the others are to hear of it at once: nobody here waits for them.
   */
  come(awaitedHere: boolean): boolean {
    if (this.#haveCome) return false
    this.#haveCome = true
    this.#areTold = !awaitedHere
    return this.#areTold
  }

  /** Whether messages have come of which the others have not heard. */
  get untold(): boolean {
    return this.#haveCome && !this.#areTold
  }

  clear(): void {
    this.#haveCome = false
    this.#areTold = false
    this.hasRoom = false
  }
}

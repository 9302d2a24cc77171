/** What the memory holds: words that were ever written, by their slots. */
export interface MemoryState {
  readonly id: number
  readonly values: readonly number[]
  /** States after writes, by what is written. */
  readonly next: Map<number, MemoryState>
}

/** The contents of memory that were reached, each of them once. */
export class MemoryStates {
  readonly first: MemoryState
  readonly #initial: Int32Array
  /** Slot of each word; -1 as long as nobody writes it. */
  readonly #slots: Int32Array
  readonly #words: number[] = []
  readonly #known = new Map<string, MemoryState>()
  #count = 0

  constructor(initial: Int32Array) {
    this.#initial = initial
    this.#slots = new Int32Array(initial.length).fill(-1)
    this.first = this.#stateOf([])
  }

  read(state: MemoryState, word: number): number {
    const slot = this.#slots[word] as number
    return (slot < 0 ? undefined : state.values[slot]) ?? (this.#initial[word] as number)
  }

  write(state: MemoryState, word: number, value: number): MemoryState {
    const slot = this.#slotOf(word)
    const key = slot * 2 ** 32 + (value >>> 0)
    const known = state.next.get(key)
    if (known !== undefined) return known
    const values = state.values.slice()
    for (let i = values.length; i <= slot; i++) values.push(this.#initial[this.#words[i] as number] as number)
    values[slot] = value
    const next = this.#stateOf(values)
    state.next.set(key, next)
    return next
  }

  /** All of the memory. */
  contents(state: MemoryState): Int32Array {
    const all = this.#initial.slice()
    state.values.forEach((value, slot) => {
      all[this.#words[slot] as number] = value
    })
    return all
  }

  #slotOf(word: number): number {
    if ((this.#slots[word] as number) < 0) {
      this.#slots[word] = this.#words.length
      this.#words.push(word)
    }
    return this.#slots[word] as number
  }

  #stateOf(values: readonly number[]): MemoryState {
    // By what differs from the beginning: slots may have been added since.
    let key = ''
    values.forEach((value, slot) => {
      if (value !== this.#initial[this.#words[slot] as number]) key += `${slot}:${value} `
    })
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const state = { id: this.#count++, values, next: new Map() }
    this.#known.set(key, state)
    return state
  }
}

/**
 * What is known of all executions: who accesses which words, and which values they hold at some time. It is collected
 * while executions are explored, and used to explore fewer, so what was explored before something new came to be known
 * has to be explored again: until a whole exploration adds nothing.
 */
export class Knowledge {
  readonly #readers: Uint8Array
  readonly #writers: Uint8Array
  /** Words that somebody loads by plain loads, whose values may have been foretold. */
  readonly #foretold = new Set<number>()
  readonly #values = new Map<number, Set<number>>()
  readonly #initial: Int32Array
  /** Words that nobody was known to write when that was last asked; at first, none are taken for such. */
  #constant: Uint8Array
  #grown = false
  #isConstantWritten = false

  constructor(initial: Int32Array) {
    this.#initial = initial
    this.#constant = new Uint8Array(initial.length)
    this.#readers = new Uint8Array(initial.length)
    this.#writers = new Uint8Array(initial.length)
  }

  /** Whether something new came to be known since this was last asked. */
  takeGrown(): boolean {
    const grown = this.#grown
    this.#grown = false
    return grown
  }

  /**
   * What a word holds that nobody writes: loads of it need not be looked at. Where somebody writes it after all, all has
   * to begin anew, before anything goes on from there (`isConstantWritten`, `takeConstants`).
   */
  constantAt(word: number): number | undefined {
    return this.#constant[word] === 1 ? this.#initial[word] : undefined
  }

  /** Take for constant what nobody is known to write now. */
  takeConstants(): void {
    this.#isConstantWritten = false
    this.#constant = this.#writers.map((writers) => (writers === 0 ? 1 : 0))
  }

  /** Whether a word was written that was taken for constant. */
  get isConstantWritten(): boolean {
    return this.#isConstantWritten
  }

  noteRead(thread: number, word: number): void {
    const readers = this.#readers[word] as number
    if ((readers & (1 << thread)) !== 0) return
    this.#readers[word] = readers | (1 << thread)
    this.#grown = true
  }

  noteWrite(thread: number, word: number): void {
    const writers = this.#writers[word] as number
    if ((writers & (1 << thread)) !== 0) return
    this.#writers[word] = writers | (1 << thread)
    this.#grown = true
    if (this.#constant[word] === 1) this.#isConstantWritten = true
  }

  /** The word holds this value in some execution. */
  noteValue(word: number, value: number): void {
    const values = this.#valuesOf(word)
    if (values.has(value)) return
    values.add(value)
    if (this.#foretold.has(word)) this.#grown = true
  }

  /** Whether any other thread ever writes the word. */
  isWrittenByOthers(thread: number, word: number): boolean {
    return ((this.#writers[word] as number) & ~(1 << thread)) !== 0
  }

  /** Whether any other thread ever touches the word. */
  isTouchedByOthers(thread: number, word: number): boolean {
    return (((this.#readers[word] as number) | (this.#writers[word] as number)) & ~(1 << thread)) !== 0
  }

  /** What the bits of `mask` hold of the word, in any execution. */
  valuesIn(word: number, mask: number): readonly number[] {
    this.#foretold.add(word)
    return [...new Set([...this.#valuesOf(word)].map((value) => value & mask))]
  }

  #valuesOf(word: number): Set<number> {
    const values = this.#values.get(word) ?? new Set([this.#initial[word] as number])
    this.#values.set(word, values)
    return values
  }
}

import type { Access } from './access.js'
import type { History } from './histories.js'

interface Stored {
  readonly word: number
  readonly mask: number
  readonly value: number
}

/**
 * What a thread may still store after each of its histories, as far as these were explored: a load that is foretold a
 * value that nobody is going to store will never take effect, and need not be explored.
 *
 * That is sound once nothing more comes to be known (`takeGrown`). Suppose that some execution were missed, and take the
 * first value foretold in it that was taken for hopeless, and the store that makes it true after all. Before that store
 * nobody else can tell whether the load was foretold, for what depends on the load waits for it. So there is the
 * execution in which the load takes effect at once, with what memory holds, and all else is the same up to that store.
 * It has fewer foretold loads; if it was not missed, the store was known.
 */
export class Futures {
  readonly #stored: Stored[] = []
  readonly #byWord = new Map<number, number[]>()
  #grown = false

  /** The access that comes after `history` stores this. */
  add(history: History, value: number): void {
    const { word, mask } = history.next as Access
    const number = this.#numberOf(word, mask, value)
    const [at, bit] = [number >> 5, 1 << (number & 31)]
    let before: History | undefined = history
    while (before !== undefined) {
      for (let i = before.future.length; i <= at; i++) before.future.push(0)
      const known = before.future[at] as number
      if ((known & bit) !== 0) return
      before.future[at] = known | bit
      if (before.isFutureUsed) this.#grown = true
      before = before.parent
    }
  }

  /** Whether the thread may still store these bits there. */
  has(history: History, word: number, mask: number, value: number): boolean {
    history.isFutureUsed = true
    for (const number of this.#byWord.get(word) ?? []) {
      if ((((history.future[number >> 5] ?? 0) >> (number & 31)) & 1) === 0) continue
      const stored = this.#stored[number] as Stored
      const both = stored.mask & mask
      if (both !== 0 && (stored.value & both) === (value & both)) return true
    }
    return false
  }

  /** Whether something came to be known that was needed before. */
  takeGrown(): boolean {
    const grown = this.#grown
    this.#grown = false
    return grown
  }

  #numberOf(word: number, mask: number, value: number): number {
    const here = this.#byWord.get(word) ?? []
    this.#byWord.set(word, here)
    const known = here.find((number) => {
      const stored = this.#stored[number] as Stored
      return stored.mask === mask && stored.value === value
    })
    if (known !== undefined) return known
    here.push(this.#stored.length)
    return this.#stored.push({ word, mask, value }) - 1
  }
}

/** A first-in, first-out queue in a growing circular array: O(1) at both ends, no allocation per item. */
export class Fifo<T> {
  #items: (T | undefined)[] = new Array(16)
  #head = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  push(item: T): void {
    if (this.#length === this.#items.length) this.#grow()
    this.#items[(this.#head + this.#length) & (this.#items.length - 1)] = item
    this.#length++
  }

  peek(): T | undefined {
    return this.#length === 0 ? undefined : this.#items[this.#head]
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined
    const item = this.#items[this.#head]
    this.#items[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#items.length - 1)
    this.#length--
    return item
  }

  clear(): void {
    this.#items = new Array(16)
    this.#head = 0
    this.#length = 0
  }

  #grow(): void {
    const { length } = this.#items
    const grown: (T | undefined)[] = new Array(length * 2)
    for (let i = 0; i < length; i++) grown[i] = this.#items[(this.#head + i) & (length - 1)]
    this.#items = grown
    this.#head = 0
  }
}

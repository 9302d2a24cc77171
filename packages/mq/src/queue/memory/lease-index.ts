import type { Entry } from './entry.js'

/** Leased messages, by place and by owner. */
export class LeaseIndex {
  readonly #bySeq = new Map<number, Entry>()
  /** The first of a chain. */
  readonly #byOwner = new Map<number, Entry>()

  add(entry: Entry): void {
    this.#bySeq.set(entry.seq, entry)
    const first = this.#byOwner.get(entry.owner)
    entry.next = first
    if (first !== undefined) first.previous = entry
    this.#byOwner.set(entry.owner, entry)
  }

  remove(entry: Entry): void {
    this.#bySeq.delete(entry.seq)
    const { previous, next } = entry
    if (next !== undefined) next.previous = previous
    if (previous !== undefined) previous.next = next
    else if (next !== undefined) this.#byOwner.set(entry.owner, next)
    else this.#byOwner.delete(entry.owner)
    entry.previous = undefined
    entry.next = undefined
  }

  find(seq: number): Entry | undefined {
    return this.#bySeq.get(seq)
  }

  ofOwner(owner: number): Entry[] {
    const found: Entry[] = []
    for (let entry = this.#byOwner.get(owner); entry !== undefined; entry = entry.next) found.push(entry)
    return found.sort((a, b) => a.seq - b.seq)
  }
}

import { SeqIndex } from '../seq-index.js'
import type { Entry } from './entry.js'

/** Owners that have nothing stay up to this number: they come and go often, and a map takes that badly. */
const MOST_IDLE = 64

/** Leased messages, by place and by owner. */
export class LeaseIndex {
  readonly #bySeq = new SeqIndex<Entry>()
  /** The first of a chain. */
  readonly #byOwner = new Map<number, Entry | undefined>()

  add(entry: Entry): void {
    this.#bySeq.add(entry)
    const first = this.#byOwner.get(entry.owner)
    entry.next = first
    if (first !== undefined) first.previous = entry
    this.#byOwner.set(entry.owner, entry)
  }

  remove(entry: Entry): void {
    this.#bySeq.remove(entry.seq)
    const { previous, next } = entry
    if (next !== undefined) next.previous = previous
    if (previous !== undefined) previous.next = next
    else if (next === undefined && this.#byOwner.size > MOST_IDLE) this.#byOwner.delete(entry.owner)
    else this.#byOwner.set(entry.owner, next)
    entry.previous = undefined
    entry.next = undefined
  }

  find(seq: number): Entry | undefined {
    return this.#bySeq.find(seq)
  }

  ofOwner(owner: number): Entry[] {
    const found: Entry[] = []
    for (let entry = this.#byOwner.get(owner); entry !== undefined; entry = entry.next) found.push(entry)
    return found.sort((a, b) => a.seq - b.seq)
  }
}

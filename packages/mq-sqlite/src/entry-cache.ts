import { Entry } from './entry.js'
import type { SqlRow } from './sqlite.js'
import { INLINE_BYTES, type TableQueries } from './table-queries.js'

/** The messages of a queue that are known here, one object for each, and what of them is to be written. */
export class EntryCache {
  readonly #queries: TableQueries
  readonly #entries = new Map<number, Entry>()
  readonly #dirty = new Set<Entry>()
  /** Those that came or changed since the last commit. */
  #visited: Entry[] = []
  /** Fetches a body that was let go. */
  readonly load = (seq: number): Uint8Array => this.#queries.body.get(seq)?.body as Uint8Array

  constructor(queries: TableQueries) {
    this.#queries = queries
  }

  /** Also one that is gone, until that is committed. */
  get(seq: number): Entry | undefined {
    return this.#entries.get(seq)
  }

  add(entry: Entry): void {
    this.#entries.set(entry.seq, entry)
    this.#visited.push(entry)
  }

  /** The message of a row. */
  of(row: SqlRow): Entry {
    const known = this.#entries.get(row.seq as number)
    if (known !== undefined) return known
    const entry = Entry.fromRow(row, this.load)
    this.add(entry)
    return entry
  }

  /** It has changed. */
  touch(entry: Entry): void {
    if (this.#dirty.has(entry)) return
    this.#dirty.add(entry)
    this.#visited.push(entry)
  }

  /** It need not be known any more. */
  visit(entry: Entry): void {
    this.#visited.push(entry)
  }

  /** Write what has changed. */
  flush(queue: number): void {
    if (this.#dirty.size === 0) return
    const { insert, update, remove } = this.#queries
    for (const entry of this.#dirty) {
      if (entry.isGone) {
        if (entry.isStored) remove.run(entry.seq)
      } else if (entry.isStored) {
        const { stateNumber, at, owner, epoch, flags, attempts, reason, seq } = entry
        update.run(stateNumber, at, owner, epoch, flags, attempts, reason ?? null, seq)
      } else {
        insert.run(...entry.values(queue))
        entry.isStored = true
      }
      const { state, bytes } = entry
      if (state !== 'ready' || bytes > INLINE_BYTES) entry.letGo()
    }
    this.#dirty.clear()
  }

  /** Keep only those in mind that are still wanted. */
  settle(isWanted: (entry: Entry) => boolean): void {
    for (const entry of this.#visited) if (!isWanted(entry)) this.#entries.delete(entry.seq)
    this.#visited = []
  }

  /** Know nothing. Everything has to be written before. */
  clear(): void {
    this.#entries.clear()
    this.#visited = []
  }
}

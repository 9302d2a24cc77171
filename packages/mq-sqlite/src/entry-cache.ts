import { Entry } from './entry.js'
import type { SqlValue } from './sqlite.js'
import { INLINE_BYTES, INSERT_BLOCK, PLAIN_BLOCK, type TableQueries } from './table-queries.js'

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
  of(row: readonly SqlValue[]): Entry {
    const known = this.#entries.get(row[0] as number)
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

  /** Write what has changed: those that go in one statement, and those that change in the same way in another. */
  flush(queue: number): void {
    if (this.#dirty.size === 0) return
    const gone: number[] = []
    const fresh: Entry[] = []
    let alike: Entry[] = []
    for (const entry of this.#dirty) {
      if (entry.isGone) {
        if (entry.isStored) gone.push(entry.seq)
      } else if (!entry.isStored) fresh.push(entry)
      else {
        const [first] = alike
        if (first !== undefined && !changesAlike(first, entry)) {
          this.#update(alike)
          alike = []
        }
        alike.push(entry)
      }
    }
    this.#insert(fresh, queue)
    if (alike.length > 0) this.#update(alike)
    if (gone.length > 0) this.#queries.remove.run(JSON.stringify(gone))
    for (const entry of this.#dirty) {
      if (entry.state !== 'ready' || entry.bytes > INLINE_BYTES) entry.letGo()
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

  #insert(entries: readonly Entry[], queue: number): void {
    const { insert, insertBlock, insertPlain } = this.#queries
    for (let at = 0; at < entries.length; ) {
      const first = entries[at] as Entry
      const left = entries.length - at
      if (left >= PLAIN_BLOCK && isPlain(entries, at)) {
        const { seq, priority, id, sentAt } = first
        const bodies = entries.slice(at, at + PLAIN_BLOCK).map(({ body }) => body)
        insertPlain.run(queue, seq, -priority, first.at, id, sentAt, ...bodies)
        at += PLAIN_BLOCK
      } else if (left >= INSERT_BLOCK) {
        insertBlock.run(...entries.slice(at, at + INSERT_BLOCK).flatMap((entry) => entry.values(queue)))
        at += INSERT_BLOCK
      } else {
        insert.run(...first.values(queue))
        at++
      }
    }
    for (const entry of entries) entry.isStored = true
  }

  #update(entries: readonly Entry[]): void {
    const [first] = entries as [Entry, ...Entry[]]
    const { stateNumber, at, owner, epoch, flags, attempts, reason } = first
    const seqs = JSON.stringify(entries.map(({ seq }) => seq))
    this.#queries.update.run(stateNumber, at, owner, epoch, flags, attempts, reason ?? null, seqs)
  }
}

function changesAlike(a: Entry, b: Entry): boolean {
  return (
    a.state === b.state &&
    a.at === b.at &&
    a.owner === b.owner &&
    a.epoch === b.epoch &&
    a.flags === b.flags &&
    a.attempts === b.attempts &&
    a.reason === b.reason
  )
}

/** Whether the next {@link PLAIN_BLOCK} messages differ in their bodies only, and have nothing that most have not. */
function isPlain(entries: readonly Entry[], start: number): boolean {
  const first = entries[start] as Entry
  for (let at = 0; at < PLAIN_BLOCK; at++) {
    if (!(entries[start + at] as Entry).isPlainAfter(first, at)) return false
  }
  return true
}

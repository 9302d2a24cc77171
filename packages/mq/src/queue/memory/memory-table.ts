import type { KnownMessage, MessageContent, MessageState, MessageTable, TableCounts } from '../queue-store.js'
import { Entry } from './entry.js'
import { LeaseIndex } from './lease-index.js'
import { Line } from './line.js'
import { ReadyIndex } from './ready-index.js'
import { SortedLine } from './sorted-line.js'

type Waiting = 'ready' | 'delayed' | 'blocked'

const byTime = (a: Entry, b: Entry): boolean => a.at < b.at || (a.at === b.at && a.seq < b.seq)
const byExpiry = (a: Entry, b: Entry): boolean =>
  a.expiresAt < b.expiresAt || (a.expiresAt === b.expiresAt && a.seq < b.seq)

const NONE: readonly Entry[] = []

/** The messages of one queue, in memory. */
export class MemoryTable implements MessageTable {
  readonly counts: { -readonly [Name in keyof TableCounts]: number } = {
    ready: 0,
    delayed: 0,
    blocked: 0,
    leased: 0,
    dead: 0,
    bytes: 0,
    dropped: 0,
    expired: 0,
  }
  #lastSeq = 0
  readonly #ready = new ReadyIndex()
  readonly #due = new SortedLine<'timeSlot', Entry>('timeSlot', byTime)
  readonly #blocked = new Set<Entry>()
  readonly #deadlines = new SortedLine<'timeSlot', Entry>('timeSlot', byTime)
  readonly #leases = new LeaseIndex()
  readonly #expiries = new SortedLine<'expirySlot', Entry>('expirySlot', byExpiry)
  readonly #keys = new Map<string, Line<'keySlot', Entry>>()
  /** In the order in which they died. */
  readonly #dead = new Set<Entry>()
  /** In the order in which they may be forgotten. */
  readonly #known = new Map<string, KnownMessage>()

  insert(content: MessageContent, state: Waiting, at: number): Entry {
    const entry = new Entry(++this.#lastSeq, content, state, at)
    this.counts.bytes += entry.bytes
    if (entry.orderingKey !== undefined) this.#addToKey(entry, entry.orderingKey)
    this.#enter(entry, state)
    return entry
  }

  findLeased(seq: number): Entry | undefined {
    return this.#leases.find(seq)
  }

  move(entry: Entry, state: Waiting, at: number): void {
    this.#leave(entry)
    entry.at = at
    entry.started = false
    this.#enter(entry, state)
  }

  lease(entry: Entry, owner: number, deadline: number): void {
    this.#leave(entry)
    entry.at = deadline
    entry.owner = owner
    entry.epoch++
    this.#enter(entry, 'leased')
  }

  start(entry: Entry): void {
    entry.started = true
    entry.attempts++
    entry.suspect = false
  }

  extend(entry: Entry, deadline: number): void {
    this.#deadlines.remove(entry)
    entry.at = deadline
    if (deadline !== Number.POSITIVE_INFINITY) this.#deadlines.add(entry)
  }

  suspect(entry: Entry): void {
    entry.suspect = true
  }

  bury(entry: Entry, reason: string, at: number): void {
    this.#leave(entry)
    this.#forget(entry)
    entry.at = at
    entry.reason = reason
    entry.started = false
    this.#enter(entry, 'dead')
  }

  remove(entry: Entry): void {
    const wasDead = entry.state === 'dead'
    this.#leave(entry)
    if (!wasDead) this.#forget(entry)
  }

  removeWaiting(): number {
    const { counts } = this
    const removed = counts.ready + counts.delayed + counts.blocked
    const waiting = [...this.#ready.inOrder(), ...this.#due, ...this.#blocked]
    this.#ready.clear()
    this.#due.clear()
    this.#blocked.clear()
    for (const entry of waiting) {
      this.#expiries.remove(entry)
      this.#forget(entry)
    }
    counts.ready = 0
    counts.delayed = 0
    counts.blocked = 0
    return removed
  }

  removeDead(): number {
    const removed = this.#dead.size
    this.#dead.clear()
    this.counts.dead = 0
    return removed
  }

  firstReady(): Entry | undefined {
    return this.#ready.first()
  }

  readyInOrder(limit: number): readonly Entry[] {
    return take(this.#ready.inOrder(), limit)
  }

  firstToDrop(): Entry | undefined {
    return this.#ready.lowest() ?? this.#due.first()
  }

  firstDue(): Entry | undefined {
    return this.#due.first()
  }

  firstDeadline(): Entry | undefined {
    return this.#deadlines.first()
  }

  firstExpiry(): Entry | undefined {
    return this.#expiries.first()
  }

  firstOfKey(key: string): Entry | undefined {
    return this.#keys.get(key)?.first()
  }

  leasedBy(owner: number): readonly Entry[] {
    return this.#leases.ofOwner(owner)
  }

  deadInOrder(limit: number): readonly Entry[] {
    return take(this.#dead, limit)
  }

  remember(deduplicationId: string, id: number, until: number, now: number): void {
    for (const [known, message] of this.#known) {
      if (message.until > now) break
      this.#known.delete(known)
    }
    this.#known.delete(deduplicationId)
    this.#known.set(deduplicationId, { id, until })
  }

  recall(deduplicationId: string): KnownMessage | undefined {
    return this.#known.get(deduplicationId)
  }

  count(what: 'dropped' | 'expired', messages: number): void {
    this.counts[what] += messages
  }

  setAwaited(): void {}

  takeEndedElsewhere(): readonly Entry[] {
    return NONE
  }

  #enter(entry: Entry, state: MessageState): void {
    entry.state = state
    this.counts[state]++
    if (state === 'ready') this.#ready.add(entry)
    else if (state === 'delayed') this.#due.add(entry)
    else if (state === 'blocked') this.#blocked.add(entry)
    else if (state === 'leased') {
      if (entry.at !== Number.POSITIVE_INFINITY) this.#deadlines.add(entry)
      this.#leases.add(entry)
    } else this.#dead.add(entry)
    const expires = entry.expiresAt !== Number.POSITIVE_INFINITY
    if (expires && entry.expirySlot === -1 && state !== 'leased' && state !== 'dead')
      this.#expiries.add(entry)
  }

  #leave(entry: Entry): void {
    const { state } = entry
    this.counts[state]--
    if (state === 'ready') this.#ready.remove(entry)
    else if (state === 'delayed') this.#due.remove(entry)
    else if (state === 'blocked') this.#blocked.delete(entry)
    else if (state === 'leased') {
      this.#deadlines.remove(entry)
      this.#leases.remove(entry)
    } else this.#dead.delete(entry)
    if (entry.expirySlot !== -1) this.#expiries.remove(entry)
  }

  /** It is not one of the living any more. */
  #forget(entry: Entry): void {
    this.counts.bytes -= entry.bytes
    if (entry.keySlot !== -1) this.#removeFromKey(entry, entry.orderingKey as string)
  }

  #addToKey(entry: Entry, key: string): void {
    let line = this.#keys.get(key)
    if (line === undefined) {
      line = new Line('keySlot')
      this.#keys.set(key, line)
    }
    line.push(entry)
  }

  #removeFromKey(entry: Entry, key: string): void {
    const line = this.#keys.get(key) as Line<'keySlot', Entry>
    line.remove(entry)
    if (line.size === 0) this.#keys.delete(key)
  }
}

function take(entries: Iterable<Entry>, limit: number): Entry[] {
  const taken: Entry[] = []
  if (limit <= 0) return taken
  for (const entry of entries) {
    taken.push(entry)
    if (taken.length >= limit) break
  }
  return taken
}

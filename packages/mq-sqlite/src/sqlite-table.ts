import type { KnownMessage, MessageContent, MessageState, MessageTable, TableCounts } from '@ipc/mq'
import { Entry } from './entry.js'
import { EntryCache } from './entry-cache.js'
import { FirstEntry } from './first-entry.js'
import { GivenLeases } from './given-leases.js'
import { ReadyWindow } from './ready-window.js'
import type { RowQuery, SqlValue } from './sqlite.js'
import type { TableHost } from './table-host.js'
import { TableNews } from './table-news.js'
import type { TableQueries } from './table-queries.js'

type Waiting = 'ready' | 'delayed' | 'blocked'
type Counts = { -readonly [Name in keyof TableCounts]: number }

/** Messages that are fetched at once: what was taken in the last run, and as many again, within these bounds. */
const FEWEST_FETCHED = 8
const MOST_FETCHED = 1024

/**
 * The messages of one queue in the file. What is changed is written when the file is asked for something it has a part in,
 * and with the commit: a message that is sent and delivered in one run is one INSERT. What the file said stays known until
 * another process has written.
 */
export class SqliteTable implements MessageTable {
  readonly name: string
  readonly #host: TableHost
  readonly #queries: TableQueries
  #number = 0
  #counts: Counts | undefined
  /** Waiting messages that expire. */
  #expiring = 0
  readonly #cache: EntryCache
  readonly #window = new ReadyWindow()
  #taken = 0
  #fetch = FEWEST_FETCHED
  readonly #due = new FirstEntry((entry) => entry.at)
  readonly #deadline = new FirstEntry((entry) => entry.at)
  readonly #expiry = new FirstEntry((entry) => entry.expiresAt)
  readonly #given = new GivenLeases()
  #othersWrote = false
  #forgetAt = 0
  isTouched = false
  /** Rows changed, and bytes of bodies, since the last commit. */
  written = 0
  writtenBytes = 0
  readonly #news = new TableNews()
  /** Who waits here. */
  awaitsMessages = false
  awaitsRoom = false

  constructor(name: string, host: TableHost) {
    this.name = name
    this.#host = host
    this.#queries = host.queries
    this.#cache = new EntryCache(host.queries)
  }

  /** Its number in the file, which gives it a row with the first use. */
  get number(): number {
    if (this.#number > 0) return this.#number
    let row = this.#queries.numberOf.get(this.name)
    if (row === undefined) {
      this.#queries.addQueue.run(this.name)
      row = this.#queries.numberOf.get(this.name)
    }
    this.#number = row?.number as number
    return this.#number
  }

  get counts(): TableCounts {
    return this.#counted
  }

  /** Whether others, who have not heard of it yet, may find messages that came since the last commit; now or later. */
  get offersMessages(): boolean {
    return this.#news.untold && (this.#counted.ready > 0 || this.#counted.delayed > 0)
  }

  get offersRoom(): boolean {
    return this.#news.hasRoom
  }

  insert(content: MessageContent, state: Waiting, at: number): Entry {
    const entry = new Entry(this.#host.nextSeq(), content, state, at, this.#cache.load)
    this.#cache.add(entry)
    this.#counted.bytes += entry.bytes
    this.writtenBytes += entry.bytes
    this.#enter(entry, state)
    return entry
  }

  findLeased(seq: number): Entry | undefined {
    const known = this.#cache.get(seq)
    if (known !== undefined) return known.state === 'leased' && !known.isGone ? known : undefined
    return this.#one(this.#queries.leased, seq)
  }

  move(entry: Entry, state: Waiting, at: number): void {
    this.#leave(entry)
    entry.at = at
    entry.started = false
    this.#enter(entry, state)
  }

  lease(entry: Entry, owner: number, deadline: number): void {
    this.#leave(entry)
    this.#taken++
    entry.at = deadline
    entry.owner = owner
    entry.epoch++
    this.#enter(entry, 'leased')
    this.#given.add(entry)
  }

  start(entry: Entry): void {
    entry.started = true
    entry.attempts++
    entry.suspect = false
    this.#touch(entry)
  }

  extend(entry: Entry, deadline: number): void {
    entry.at = deadline
    this.#deadline.clear()
    this.#given.add(entry)
    this.#touch(entry)
  }

  suspect(entry: Entry): void {
    entry.suspect = true
    this.#touch(entry)
  }

  bury(entry: Entry, reason: string, at: number): void {
    this.#leave(entry)
    this.#counted.bytes -= entry.bytes
    this.#flush()
    entry.owner = 1 + ((this.#queries.lastDead.get(this.number)?.last as number | null) ?? 0)
    entry.at = at
    entry.reason = reason
    entry.started = false
    this.#enter(entry, 'dead')
    // The next one is buried behind it.
    this.#flush()
  }

  remove(entry: Entry): void {
    if (entry.state !== 'dead') this.#counted.bytes -= entry.bytes
    this.#leave(entry)
    entry.isGone = true
    this.#news.hasRoom = true
    this.#touch(entry)
  }

  removeWaiting(): number {
    this.#flush()
    const counts = this.#counted
    const removed = counts.ready + counts.delayed + counts.blocked
    for (const query of this.#queries.removeWaiting) query.run(this.number)
    this.#forgetEntries()
    counts.ready = 0
    counts.delayed = 0
    counts.blocked = 0
    counts.bytes = this.#queries.leasedBytes.get(this.number)?.bytes as number
    this.#expiring = 0
    this.#changedMany(removed)
    return removed
  }

  removeDead(): number {
    this.#flush()
    const counts = this.#counted
    const removed = counts.dead
    this.#queries.removeDead.run(this.number)
    this.#forgetEntries()
    counts.dead = 0
    this.#changedMany(removed)
    return removed
  }

  firstReady(): Entry | undefined {
    if (this.#counted.ready === 0) return undefined
    if (!this.#window.isKnown) this.#fillWindow()
    return this.#window.first()
  }

  readyInOrder(limit: number): readonly Entry[] {
    this.#flush()
    return this.#all(this.#queries.ready.all(this.number, limitOf(limit)))
  }

  firstToDrop(): Entry | undefined {
    this.#flush()
    return this.#one(this.#queries.lowest) ?? this.firstDue()
  }

  firstDue(): Entry | undefined {
    if (this.#counted.delayed === 0) return undefined
    return this.#due.get(() => this.#ask('due'))
  }

  firstDeadline(): Entry | undefined {
    if (this.#counted.leased === 0) return undefined
    const first = this.#deadline.get(() => this.#ask('deadline'))
    return first?.at === Number.POSITIVE_INFINITY ? undefined : first
  }

  firstExpiry(): Entry | undefined {
    this.#count()
    if (this.#expiring === 0) return undefined
    return this.#expiry.get(() => this.#ask('expiry'))
  }

  firstOfKey(key: string): Entry | undefined {
    this.#flush()
    return this.#one(this.#queries.ofKey, key)
  }

  leasedBy(owner: number): readonly Entry[] {
    if (this.#counted.leased === 0) return []
    this.#flush()
    return this.#all(this.#queries.leasedBy.all(this.number, owner))
  }

  deadInOrder(limit: number): readonly Entry[] {
    this.#flush()
    return this.#all(this.#queries.dead.all(this.number, limitOf(limit)))
  }

  remember(deduplicationId: string, id: number, until: number, now: number): void {
    // Not each time: once for all that can be forgotten by then.
    if (now >= this.#forgetAt) {
      this.#queries.forget.run(this.number, now)
      this.#forgetAt = now + Math.min(1000, (until - now) / 2)
    }
    this.#queries.remember.run(this.number, deduplicationId, id, until)
    this.written++
    this.#host.touched(this)
  }

  recall(deduplicationId: string): KnownMessage | undefined {
    const row = this.#queries.recall.get(this.number, deduplicationId)
    return row === undefined ? undefined : { id: row.message as number, until: row.until as number }
  }

  count(what: 'dropped' | 'expired', messages: number): void {
    this.#counted[what] += messages
    this.#host.touched(this)
  }

  /** Whether owners of this process have leases here. */
  get holds(): boolean {
    return this.#given.size > 0
  }

  setAwaited(forMessages: boolean, forRoom: boolean): void {
    if (forMessages === this.awaitsMessages && forRoom === this.awaitsRoom) return
    this.awaitsMessages = forMessages
    this.awaitsRoom = forRoom
    this.#host.awaited()
  }

  takeEndedElsewhere(now: number): readonly Entry[] {
    if (!this.#othersWrote) return []
    const ended = this.#given.takeEnded(now, ({ seq, owner, epoch }) => {
      const held = this.findLeased(seq)
      return held?.owner === owner && held.epoch === epoch
    })
    if (ended.length > 0) this.#host.touched(this)
    return ended
  }

  /** Write what was changed. */
  save(): void {
    this.#flush()
    const { ready, delayed, blocked, leased, dead, bytes, dropped, expired } = this.#counted
    const counts = [ready, delayed, blocked, leased, dead, bytes, dropped, expired]
    this.#queries.setCounts.run(...counts, this.#expiring, this.number)
  }

  /** All is committed, and others have been told. */
  committed(): void {
    this.isTouched = false
    this.written = 0
    this.writtenBytes = 0
    this.#news.clear()
    this.#fetch = Math.min(MOST_FETCHED, Math.max(FEWEST_FETCHED, 2 * this.#taken))
    this.#taken = 0
    this.#cache.settle((entry) => {
      const isWanted = !entry.isGone && (entry.state === 'leased' || this.#window.has(entry))
      if (!isWanted) for (const first of [this.#due, this.#deadline, this.#expiry]) first.left(entry)
      return isWanted
    })
  }

  /** Others have written. */
  othersWrote(): void {
    this.#othersWrote = true
    this.#counts = undefined
    this.#forgetEntries()
  }

  get #counted(): Counts {
    return this.#counts ?? this.#count()
  }

  #count(): Counts {
    if (this.#counts !== undefined) return this.#counts
    const row = this.#queries.counts.get(this.number) as Readonly<Record<string, number>>
    const { number: _number, name: _name, expiring, ...counts } = row
    this.#expiring = expiring as number
    this.#counts = counts as unknown as Counts
    return this.#counts
  }

  #enter(entry: Entry, state: MessageState): void {
    entry.state = state
    this.#counted[state]++
    if (state === 'ready') this.#addToWindow(entry)
    else if (state === 'delayed') this.#due.entered(entry)
    else if (state === 'leased') this.#deadline.entered(entry)
    const mayBeTaken = state === 'ready' || state === 'delayed'
    if (mayBeTaken && this.#news.come(this.awaitsMessages)) this.#host.arrived(this)
    if (entry.isExpiring && state !== 'leased' && state !== 'dead') {
      this.#expiring++
      this.#expiry.entered(entry)
    }
    this.#touch(entry)
  }

  #leave(entry: Entry): void {
    const { state } = entry
    this.#counted[state]--
    if (state === 'ready') this.#window.remove(entry)
    else if (state === 'delayed') this.#due.left(entry)
    else if (state === 'leased') {
      this.#deadline.left(entry)
      this.#given.delete(entry.seq)
    }
    if (entry.isExpiring && state !== 'leased' && state !== 'dead') {
      this.#expiring--
      this.#expiry.left(entry)
    }
  }

  #touch(entry: Entry): void {
    this.#cache.touch(entry)
    this.written++
    this.#host.touched(this)
  }

  #changedMany(messages: number): void {
    this.#news.hasRoom = true
    this.written += messages
    this.#host.touched(this)
  }

  #addToWindow(entry: Entry): void {
    const dropped = this.#window.add(entry)
    if (dropped !== undefined) this.#cache.visit(dropped)
  }

  #flush(): void {
    this.#cache.flush(this.number)
  }

  #fillWindow(): void {
    this.#flush()
    const count = Math.max(this.#fetch, Math.min(MOST_FETCHED, 2 * this.#taken))
    const rows = this.#queries.ready.all(this.number, count)
    this.#window.fill(this.#all(rows), rows.length < count)
  }

  #ask(what: 'due' | 'deadline' | 'expiry'): Entry | undefined {
    this.#flush()
    return this.#one(this.#queries[what])
  }

  #all(rows: readonly (readonly SqlValue[])[]): Entry[] {
    return rows.map((row) => this.#cache.of(row))
  }

  #one(query: RowQuery, ...values: SqlValue[]): Entry | undefined {
    const [row] = query.all(this.number, ...values)
    return row === undefined ? undefined : this.#cache.of(row)
  }

  #forgetEntries(): void {
    this.#cache.clear()
    this.#window.clear()
    this.#due.clear()
    this.#deadline.clear()
    this.#expiry.clear()
  }
}

function limitOf(limit: number): number {
  // SQLite has no infinity for that.
  return limit === Number.POSITIVE_INFINITY ? -1 : limit
}

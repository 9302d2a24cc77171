import { closeSync, fdatasyncSync, fstatSync, openSync } from 'node:fs'
import { IpcError } from '@ipc/core'
import type { Definitions, MessageTable, QueueStore } from '@ipc/mq'
import type { LostOwner } from '@ipc/mq/internal'
import { bitOf, bootId, type Neighbours } from './neighbours.js'
import { firstOwnerOf, OWNERS, processOf } from './owners.js'
import { isInPlace, MAY_SYNC, type QueueDirectory } from './queue-directory.js'
import type { Database, Query } from './sqlite.js'
import { SqliteTable } from './sqlite-table.js'
import { storeError } from './store-error.js'
import { Strangers } from './strangers.js'
import type { TableHost } from './table-host.js'
import { type TableQueries, tableQueries } from './table-queries.js'

/** The log is copied into the file when it has about so many pages: 8 MiB. */
const LOG_PAGES = 2000
const PAGE_BYTES = 4096
/** Rows that share a page, more or less, counting indexes. */
const ROWS_PER_PAGE = 8

/**
 * Queues in an SQLite database that processes share. Whatever happens between `begin` and `commit` happens with the
 * lock that all take turns for, in one transaction. The log of the database is synchronised by `sync`, after the lock: one
 * call for all that was committed by then, by whomever, while others go on.
 */
export class SqliteStore implements QueueStore, TableHost {
  readonly durability = 'disk'
  readonly queries: TableQueries
  readonly definitions: Definitions
  readonly #directory: QueueDirectory
  readonly #db: Database
  readonly #neighbours: Neighbours
  readonly #strangers: Strangers
  readonly #boot = bootId()
  readonly #log: number
  readonly #begin: Query
  readonly #commit: Query
  readonly #rollback: Query
  readonly #dataVersion: Query
  readonly #checkpoint: Query
  readonly #numbers: Query
  readonly #setNumbers: Query
  readonly #tables = new Map<string, SqliteTable>()
  readonly #touched: SqliteTable[] = []
  /** Those in which owners of this process have leases. */
  readonly #holding = new Set<SqliteTable>()
  #version = -1
  #inTransaction = false
  #knowsNumbers = false
  #lastSeq = 0
  #lastId = 0
  #numbersChanged = false
  #definitionsChanged = false
  #waitsChanged = false
  /** Committed and not synchronised. */
  #isUnsafe = false
  #process = 0
  #owners = 0
  #isBroken = false
  #isClosed = false

  constructor(directory: QueueDirectory, db: Database, neighbours: Neighbours) {
    this.#directory = directory
    this.#db = db
    this.#neighbours = neighbours
    this.#strangers = new Strangers(db, this.#boot, neighbours.identity)
    this.queries = tableQueries(db)
    this.definitions = this.#makeDefinitions()
    this.#begin = db.prepare('BEGIN IMMEDIATE')
    this.#commit = db.prepare('COMMIT')
    this.#rollback = db.prepare('ROLLBACK')
    this.#dataVersion = db.prepare('PRAGMA data_version')
    this.#checkpoint = db.prepare('PRAGMA wal_checkpoint(PASSIVE)')
    this.#numbers = db.prepare('SELECT last_seq, last_id FROM store')
    this.#setNumbers = db.prepare('UPDATE store SET last_seq = ?, last_id = ?')
    try {
      // No lock of SQLite is on this file, so that it may be opened beside it.
      this.#log = openSync(`${db.path}-wal`, 'r+')
    } catch (cause) {
      throw storeError(cause, db.path)
    }
  }

  table(name: string): MessageTable {
    let table = this.#tables.get(name)
    if (table === undefined) {
      table = new SqliteTable(name, this)
      this.#tables.set(name, table)
    }
    return table
  }

  nextId(): number {
    this.#takeNumbers()
    return ++this.#lastId
  }

  nextSeq(): number {
    this.#takeNumbers()
    return ++this.#lastSeq
  }

  nextOwner(): number {
    if (this.#process === 0 || this.#owners >= OWNERS) this.#enlist()
    return firstOwnerOf(this.#process) + this.#owners++
  }

  touched(table: SqliteTable): void {
    if (table.isTouched) return
    table.isTouched = true
    this.#touched.push(table)
  }

  awaited(): void {
    this.#waitsChanged = true
  }

  /**
   * Wake who waits for what is about to be committed: they have to wait for the lock then, and find it there. That takes the
   * time that an idle core needs to wake up off the way of the message; and whoever dies in the middle of this has either
   * told the others, or done nothing that they would have to be told of.
   */
  arrived(table: SqliteTable): void {
    this.#neighbours.ring(bitOf(table.number), 0)
  }

  begin(): boolean {
    // Others wait for what whoever died in here would have told them.
    if (this.#neighbours.lock()) this.#neighbours.ringAll()
    // Whoever has rung by now has committed: that is found in this transaction.
    this.#neighbours.heard()
    this.#begin.run()
    this.#inTransaction = true
    const version = this.#dataVersion.get()?.data_version as number
    if (version === this.#version) return false
    this.#version = version
    this.#knowsNumbers = false
    for (const table of this.#tables.values()) table.othersWrote()
    return true
  }

  commit(): void {
    this.#sayHolds()
    if (this.#needsBeat) {
      this.#strangers.beat(this.#neighbours.participant)
      this.#definitionsChanged = true
    }
    const hasWritten = this.#touched.length > 0 || this.#numbersChanged || this.#definitionsChanged
    this.#ring()
    let pages = 2
    for (const table of this.#touched) {
      table.save()
      pages += Math.ceil(table.written / ROWS_PER_PAGE + table.writtenBytes / PAGE_BYTES)
    }
    if (this.#numbersChanged) this.#setNumbers.run(this.#lastSeq, this.#lastId)
    if (this.#waitsChanged) this.#sayWaits()
    if (hasWritten && fstatSync(this.#log).nlink === 0) throw this.#removed()
    this.#commit.run()
    this.#inTransaction = false
    for (const table of this.#touched) table.committed()
    this.#touched.length = 0
    this.#numbersChanged = false
    this.#definitionsChanged = false
    if (hasWritten) {
      this.#isUnsafe = true
      this.#neighbours.pages += pages
      if (this.#neighbours.pages >= LOG_PAGES) this.#copyLog()
    }
    this.#neighbours.unlock()
  }

  sync(): void {
    if (!this.#isUnsafe) return
    try {
      if (MAY_SYNC) fdatasyncSync(this.#log)
    } catch (cause) {
      // What the system has let go of cannot be asked for again: nothing more is written here.
      this.#isBroken = true
      throw storeError(cause, `${this.#db.path}-wal`)
    }
    this.#isUnsafe = false
  }

  /**
   * Owners of leases that are dead; called between `begin` and `commit`. Each is found by one of those who look.
   */
  takeLostOwners(): LostOwner[] {
    const { identity } = this.#neighbours
    const lost = this.#neighbours.lost()
    this.#strangers.listen(this.#version)
    const silent = this.#strangers.silent()
    const dead = this.#db
      .prepare('SELECT number, boot, region, participant FROM process')
      .all()
      .filter((row) => {
        if (row.number === this.#process) return false
        if (row.boot !== this.#boot) return true
        if (row.region !== identity) return silent.includes(row.number as number)
        return !this.#neighbours.lives(row.participant as number)
      })
      .map(({ number }) => number as number)
    // Not in the step that gives back what they had: whoever makes it may die before its commit.
    if (dead.length === 0) {
      this.#neighbours.forget(lost)
      return []
    }
    const owners = this.#db
      .prepare(
        'SELECT DISTINCT queue.name AS queue, owner FROM queue JOIN message ON queue.number = message.queue AND state = 3',
      )
      .all() as unknown as LostOwner[]
    const remove = this.#db.prepare('DELETE FROM process WHERE number = ?')
    for (const number of dead) remove.run(number)
    this.#definitionsChanged = true
    return owners.filter(({ owner }) => dead.includes(processOf(owner)))
  }

  /** Whether {@link SqliteStore.takeLostOwners} may find some. Takes no lock. */
  hasLostOwners(): boolean {
    if (this.#neighbours.lost().length > 0) return true
    return this.#strangers.isLookDue() && this.#strangers.silent().length > 0
  }

  /** Whether there is something to do that nobody rings for: strangers have written, or listen. Takes no lock. */
  isDue(): boolean {
    const version = this.#dataVersion.get()?.data_version as number
    this.#strangers.listen(version)
    return version !== this.#version || this.#needsBeat
  }

  /** @throws IpcError `IPC_STORE_FAILED` when the directory was removed, or another one is in its place. */
  checkPlace(): void {
    if (!isInPlace(this.#directory)) throw this.#removed()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    try {
      if (this.#inTransaction) this.#rollback.run()
      else if (this.#process > 0 && !this.#isBroken) this.#resign()
    } catch {
      // Others find out by themselves.
    }
    this.#neighbours.close()
    // Of several who close at the same time the last one finds that it was the last.
    const isOver = this.#isNobodyKnown()
    this.#db.close()
    closeSync(this.#log)
    if (isOver) this.#neighbours.discard()
  }

  #takeNumbers(): void {
    this.#numbersChanged = true
    if (this.#knowsNumbers) return
    this.#knowsNumbers = true
    const numbers = this.#numbers.get()
    this.#lastSeq = numbers?.last_seq as number
    this.#lastId = numbers?.last_id as number
  }

  /** Take a number for the leases of this process. */
  #enlist(): void {
    const { participant, identity } = this.#neighbours
    this.#db
      .prepare('INSERT INTO process (boot, region, participant, pid) VALUES (?, ?, ?, ?)')
      .run(this.#boot, identity, participant, process.pid)
    this.#process = this.#db.value('SELECT last_insert_rowid()') as number
    this.#owners = 0
    this.#definitionsChanged = true
  }

  #resign(): void {
    this.#neighbours.lock()
    this.#begin.run()
    const { participant, identity } = this.#neighbours
    // If something is leased to it still, others are to find it dead.
    this.#db
      .prepare(
        `DELETE FROM process WHERE boot = ? AND region = ? AND participant = ? AND NOT EXISTS (
          SELECT 1 FROM message WHERE state = 3 AND owner >= process.number * ${OWNERS}
          AND owner < (process.number + 1) * ${OWNERS})`,
      )
      .run(this.#boot, identity, participant)
    this.#commit.run()
    // The connection itself may go away only when the engine has tidied up.
    this.#db.value('PRAGMA wal_checkpoint(TRUNCATE)')
    this.#neighbours.pages = 0
    this.#neighbours.leave()
    // Delays and leases of which this process had the timers are theirs to watch now.
    this.#neighbours.ringAll()
  }

  /** Whether none who saw this shared memory has leases still: only by that memory is it known when he is dead. */
  #isNobodyKnown(): boolean {
    const known = 'SELECT 1 FROM process WHERE boot = ? AND region = ? LIMIT 1'
    try {
      return this.#db.prepare(known).get(this.#boot, this.#neighbours.identity) === undefined
    } catch {
      return false
    }
  }

  /** Wake the others, as {@link SqliteStore.arrived} does, if that was not done. */
  #ring(): void {
    let messages = 0
    let room = 0
    for (const table of this.#touched) {
      if (table.offersMessages) messages |= bitOf(table.number)
      if (table.offersRoom) room |= bitOf(table.number)
    }
    if ((messages | room) !== 0) this.#neighbours.ring(messages, room)
  }

  #removed(): IpcError {
    const { path } = this.#db
    const what = `${path} was removed, moved or replaced while it was open`
    return new IpcError('IPC_STORE_FAILED', `${what}: open the queue again, it is empty then`, {
      details: { path },
    })
  }

  #sayWaits(): void {
    let messages = 0
    let room = 0
    for (const table of this.#tables.values()) {
      if (table.awaitsMessages) messages |= bitOf(table.number)
      if (table.awaitsRoom) room |= bitOf(table.number)
    }
    this.#neighbours.await(messages, room)
    this.#waitsChanged = false
  }

  get #needsBeat(): boolean {
    return this.#holding.size > 0 && this.#strangers.isBeatDue
  }

  #sayHolds(): void {
    const before = this.#holding.size
    for (const table of this.#touched) {
      if (table.holds) this.#holding.add(table)
      else this.#holding.delete(table)
    }
    if (this.#holding.size > 0 !== before > 0) this.#neighbours.hold(this.#holding.size > 0)
  }

  /** Copy the log into the file, so that it begins anew. With the lock, and so all of it. */
  #copyLog(): void {
    this.#checkpoint.get()
    this.#neighbours.pages = 0
  }

  #makeDefinitions(): Definitions {
    const get = this.#db.prepare('SELECT json FROM definition WHERE key = ?')
    const set = this.#db.prepare('INSERT OR REPLACE INTO definition VALUES (?, ?)')
    const remove = this.#db.prepare('DELETE FROM definition WHERE key = ?')
    const all = this.#db.prepare('SELECT key, json FROM definition')
    return {
      get: (key) => get.get(key)?.json as string | undefined,
      set: (key, json) => {
        this.#definitionsChanged = true
        set.run(key, json)
      },
      delete: (key) => {
        this.#definitionsChanged = true
        remove.run(key)
      },
      [Symbol.iterator]: () =>
        all
          .all()
          .map(({ key, json }): [string, string] => [key as string, json as string])
          .values(),
    }
  }
}

import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { IpcError, type QueueStats } from '@ipc/core'
import { Entry, OTHER_COLUMNS, READY_COLUMNS } from '../entry.js'
import { checkOurs, checkVersion } from '../open-database.js'
import { DATABASE_FILE } from '../queue-directory.js'
import { Database, loadSqlite, type SqlRow } from '../sqlite.js'

/** How long SQLite waits for a lock: only another program could hold one. */
const BUSY_TIMEOUT_MS = 10_000
const WHOLE = `${READY_COLUMNS}, body, ${OTHER_COLUMNS}`

/** A queue, as the file has it. */
export interface SeenQueue {
  readonly name: string
  /** As the last one who used it has left it: a message whose time has come since is still counted as `delayed`. */
  readonly stats: QueueStats
}

/** A message, as the file has it. */
export interface SeenMessage {
  readonly id: string
  readonly priority: number
  readonly sentAt: Date
  /** Deliveries that counted so far. */
  readonly attempts: number
  readonly orderingKey: string | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Encoded by the codec of whoever sent it. */
  readonly body: Uint8Array
  /** Of a dead letter. */
  readonly reason: string | undefined
}

/** The queues of a directory; see {@link inspectQueues}. */
export interface QueueInspection {
  /** Its queues, by name. */
  queues(): SeenQueue[]
  /**
   * The next messages that can be delivered, in that order; or the oldest dead letters.
   *
   * @throws IpcError `IPC_CONNECT_FAILED` when there is no such queue.
   */
  messages(queue: string, which: 'ready' | 'dead', count: number): SeenMessage[]
  close(): void
}

/**
 * Look at the queues of a directory. The file is opened read-only, no lock is taken that others wait for, and none of the
 * processes that share the directory notices.
 *
 * @throws IpcError `IPC_CONNECT_FAILED` when there are no queues; `IPC_PROTOCOL`, `IPC_VERSION_MISMATCH`,
 * `IPC_PERMISSION_DENIED`, `IPC_STORE_FAILED`, `IPC_NOT_SUPPORTED` as `openQueue`.
 *
 * @example
 * ```ts
 * import { inspectQueues } from '@ipc/mq-sqlite/inspect'
 *
 * const inspection = await inspectQueues('./queues')
 * for (const { name, stats } of inspection.queues()) console.log(name, stats.ready)
 * inspection.close()
 * ```
 */
export async function inspectQueues(directory: string): Promise<QueueInspection> {
  const path = `${resolve(directory)}/${DATABASE_FILE}`
  if (!existsSync(path)) throw noQueues(directory, `no ${DATABASE_FILE}`)
  const db = new Database(await loadSqlite(), path, BUSY_TIMEOUT_MS, { readOnly: true })
  try {
    // In one view of the file: somebody may be making it.
    db.exec('BEGIN')
    checkOurs(db)
    const version = checkVersion(db)
    db.exec('COMMIT')
    if (version === 0) throw noQueues(directory, `${DATABASE_FILE} is being made`)
    return new DatabaseInspection(directory, db)
  } catch (error) {
    db.close()
    throw error
  }
}

function noQueues(directory: string, why: string): IpcError {
  return new IpcError('IPC_CONNECT_FAILED', `there are no queues in ${directory}: ${why}`)
}

class DatabaseInspection implements QueueInspection {
  readonly #directory: string
  readonly #db: Database

  constructor(directory: string, db: Database) {
    this.#directory = directory
    this.#db = db
  }

  queues(): SeenQueue[] {
    return this.#db
      .prepare('SELECT * FROM queue ORDER BY name')
      .all()
      .map((row) => ({ name: row.name as string, stats: statsOf(row) }))
  }

  messages(queue: string, which: 'ready' | 'dead', count: number): SeenMessage[] {
    const number = this.#db.prepare('SELECT number FROM queue WHERE name = ?').get(queue)?.number
    if (number === undefined) {
      throw new IpcError('IPC_CONNECT_FAILED', `there is no queue ${queue} in ${this.#directory}`)
    }
    const order = which === 'ready' ? 'state = 0 ORDER BY rank, seq' : 'state = 4 ORDER BY owner'
    return this.#db
      .prepareRows(`SELECT ${WHOLE} FROM message WHERE queue = ? AND ${order} LIMIT ?`)
      .all(number, count)
      .map((row) => seenOf(Entry.fromRow(row, () => new Uint8Array())))
  }

  close(): void {
    this.#db.close()
  }
}

function statsOf(row: SqlRow): QueueStats {
  const { ready, delayed, blocked, leased, dead, bytes, dropped, expired } = row as SqlRow & QueueStats
  return { ready, delayed, blocked, leased, dead, bytes, dropped, expired }
}

function seenOf({ id, priority, sentAt, attempts, orderingKey, headers, body, reason }: Entry): SeenMessage {
  return {
    id: String(id),
    priority,
    sentAt: new Date(sentAt),
    attempts,
    orderingKey,
    headers: headers ?? {},
    body,
    reason,
  }
}

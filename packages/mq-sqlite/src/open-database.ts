import { statSync } from 'node:fs'
import { IpcError } from '@ipc/core'
import { MAY_SYNC } from './queue-directory.js'
import { APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION } from './schema.js'
import { Database, type Sqlite } from './sqlite.js'

/** How long SQLite itself waits for a lock: only programs that are not ours ever hold one. */
const BUSY_TIMEOUT_MS = 10_000
/** Files up to this size are checked whole when they are opened: some tens of milliseconds. */
const CHECKED_BYTES = 16 * 2 ** 20
/** What the log is cut back to after it was longer. */
const LOG_BYTES = 16 * 2 ** 20
const CACHE_KIBIBYTES = 16 * 1024

/**
 * Open the database of a queue directory, as only one thread at a time may: make it, bring it to the present version, check
 * it.
 *
 * Checked are: that it is a database, and ours; its version; that the file has all its pages; its tables; and if it is not
 * larger than 16 MiB every page and index of it.
 *
 * @throws IpcError `IPC_PROTOCOL` when it is something else; `IPC_VERSION_MISMATCH` when a later version made it;
 * `IPC_STORE_FAILED` when it is corrupt; `IPC_PERMISSION_DENIED`, `IPC_OUT_OF_MEMORY`.
 */
export function openDatabase(sqlite: Sqlite, path: string): Database {
  const db = new Database(sqlite, path, BUSY_TIMEOUT_MS)
  try {
    db.exec('PRAGMA trusted_schema = OFF')
    checkOurs(db)
    db.exec('PRAGMA journal_mode = WAL')
    // The log is synchronised by the store, once it has let others go on, where it may.
    db.exec(`PRAGMA synchronous = ${MAY_SYNC ? 'NORMAL' : 'FULL'}`)
    db.exec('PRAGMA wal_autocheckpoint = 0')
    db.exec(`PRAGMA journal_size_limit = ${LOG_BYTES}`)
    db.exec(`PRAGMA cache_size = -${CACHE_KIBIBYTES}`)
    db.exec('PRAGMA temp_store = MEMORY')
    migrate(db)
    check(db)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** @throws IpcError `IPC_PROTOCOL` when it is another program's. */
export function checkOurs(db: Database): void {
  const application = db.value('PRAGMA application_id')
  const tables = db.value('SELECT count(*) FROM sqlite_schema') as number
  if (application === APPLICATION_ID || (application === 0 && tables === 0)) return
  throw new IpcError(
    'IPC_PROTOCOL',
    `${db.path} is a database of another program (application id ${application}): take another directory`,
  )
}

function migrate(db: Database): void {
  const version = checkVersion(db)
  if (version === SCHEMA_VERSION) return
  db.exec('BEGIN IMMEDIATE')
  try {
    for (const step of MIGRATIONS.slice(version)) db.exec(step)
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
    db.exec('COMMIT')
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
}

/**
 * The version of the layout: the one that is known here, or one before it.
 *
 * @throws IpcError `IPC_VERSION_MISMATCH` when it is a later one.
 */
export function checkVersion(db: Database): number {
  const version = db.value('PRAGMA user_version') as number
  if (version <= SCHEMA_VERSION) return version
  throw new IpcError(
    'IPC_VERSION_MISMATCH',
    `${db.path} has version ${version} of the layout, this @ipc/mq-sqlite knows up to ${SCHEMA_VERSION}: update it`,
    { details: { version, known: SCHEMA_VERSION } },
  )
}

function check(db: Database): void {
  const bytes = (db.value('PRAGMA page_count') as number) * (db.value('PRAGMA page_size') as number)
  const found = bytes <= CHECKED_BYTES ? db.value('PRAGMA quick_check(1)') : checkRoughly(db, bytes)
  if (found === 'ok') return
  throw new IpcError(
    'IPC_STORE_FAILED',
    `${db.path} is corrupt (${String(found).replaceAll('\n', ' ')}): restore it from a backup, or move it away to begin anew`,
  )
}

/** What can be checked of a large file in no time. */
function checkRoughly(db: Database, bytes: number): string {
  // What is in the log may not be in the file yet.
  const logged = statSync(`${db.path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  const { size } = statSync(db.path)
  if (size + logged < bytes) return `${size} of ${bytes} bytes are there`
  return String(db.value('PRAGMA quick_check(queue)'))
}

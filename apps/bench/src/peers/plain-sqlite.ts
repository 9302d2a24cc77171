import { join } from 'node:path'
import { durablePair, type OpenDurable } from '../mq-durable/durable-queue.js'
import type { DurableShape } from '../mq-durable/shape.js'
import type { Pair } from '../pair/pair.js'

interface Statement {
  run(...values: unknown[]): unknown
  get(...values: unknown[]): Readonly<Record<string, unknown>> | undefined
}

interface Database {
  exec(sql: string): void
  prepare(sql: string): Statement
  close(): void
}

/** The same SQLite that `@ipc/mq-sqlite` takes. */
async function openDatabase(path: string): Promise<Database> {
  const builtin = process.getBuiltinModule?.('node:sqlite')
  const { DatabaseSync } = (builtin ?? (await import('@photostructure/sqlite'))) as {
    readonly DatabaseSync: new (path: string) => Database
  }
  return new DatabaseSync(path)
}

/**
 * A queue as many libraries have it: a table, and a few statements in the thread that uses it. A batch is a transaction; claiming
 * a message and deleting it are one each.
 */
function plainQueue(synchronous: 'FULL' | 'NORMAL'): OpenDurable {
  return async (directory) => {
    const database = await openDatabase(join(directory, 'queue.db'))
    database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous};
      CREATE TABLE job (id INTEGER PRIMARY KEY, claimed INTEGER NOT NULL DEFAULT 0, body BLOB NOT NULL);
      CREATE INDEX job_by_claim ON job (claimed, id)`)
    const insert = database.prepare('INSERT INTO job (body) VALUES (?)')
    const claim = database.prepare(
      `UPDATE job SET claimed = 1 WHERE id = (SELECT id FROM job WHERE claimed = 0 ORDER BY id LIMIT 1)
       RETURNING id, body`,
    )
    const remove = database.prepare('DELETE FROM job WHERE id = ?')
    const count = database.prepare('SELECT count(*) AS waiting FROM job')
    return {
      async sendBatch(bodies) {
        database.exec('BEGIN IMMEDIATE')
        for (const body of bodies) insert.run(body)
        database.exec('COMMIT')
        // The thread is not its own.
        await new Promise((resolve) => setImmediate(resolve))
      },
      async consume(onHandled) {
        let isStopped = false
        const work = (async () => {
          while (!isStopped) {
            const row = claim.get()
            if (row !== undefined) {
              remove.run(row.id)
              onHandled()
            }
            await new Promise((resolve) => setImmediate(resolve))
          }
        })()
        return async () => {
          isStopped = true
          await work
        }
      },
      waiting: async () => Number(count.get()?.waiting),
      close: async () => database.close(),
    }
  }
}

export const plainSqliteFull: Pair<DurableShape> = durablePair(plainQueue('FULL'))
export const plainSqliteNormal: Pair<DurableShape> = durablePair(plainQueue('NORMAL'))

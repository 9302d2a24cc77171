import { IpcError } from '@ipc/core'
import { storeError } from './store-error.js'

/** What SQLite takes and gives. */
export type SqlValue = null | number | bigint | string | Uint8Array

/** A row, by the names of its columns. */
export type SqlRow = Readonly<Record<string, SqlValue>>

interface RawStatement {
  run(...values: SqlValue[]): unknown
  get(...values: SqlValue[]): SqlRow | undefined
  all(...values: SqlValue[]): SqlRow[]
  /** Since Node.js 22.16. */
  setReturnArrays?(enabled: boolean): void
}

/** A connection as `node:sqlite` has it, and `@photostructure/sqlite` too. */
interface RawDatabase {
  exec(sql: string): void
  prepare(sql: string): RawStatement
  close(): void
}

/** Opens connections. */
export interface Sqlite {
  new (path: string, options?: { readonly timeout?: number; readonly readOnly?: boolean }): RawDatabase
}

const PACKAGE = '@photostructure/sqlite'

/**
 * SQLite of the runtime, else that of the package.
 *
 * @throws IpcError `IPC_NOT_SUPPORTED` when there is neither.
 */
export async function loadSqlite(): Promise<Sqlite> {
  const builtin = process.getBuiltinModule?.('node:sqlite') as { DatabaseSync: Sqlite } | undefined
  if (builtin !== undefined) return builtin.DatabaseSync
  try {
    const { DatabaseSync } = (await import('@photostructure/sqlite')) as unknown as { DatabaseSync: Sqlite }
    return DatabaseSync
  } catch (cause) {
    throw new IpcError(
      'IPC_NOT_SUPPORTED',
      `this Node.js (${process.version}) has no node:sqlite, and ${PACKAGE} cannot be loaded: ` +
        `npm install ${PACKAGE}@1, or use Node.js 22.13 or newer`,
      { cause },
    )
  }
}

/** A prepared statement whose errors are `IpcError`s. */
export class Query {
  readonly #statement: RawStatement
  readonly #path: string

  constructor(statement: RawStatement, path: string) {
    this.#statement = statement
    this.#path = path
  }

  run(...values: SqlValue[]): void {
    try {
      this.#statement.run(...values)
    } catch (cause) {
      throw storeError(cause, this.#path)
    }
  }

  get(...values: SqlValue[]): SqlRow | undefined {
    try {
      return this.#statement.get(...values)
    } catch (cause) {
      throw storeError(cause, this.#path)
    }
  }

  all(...values: SqlValue[]): SqlRow[] {
    try {
      return this.#statement.all(...values)
    } catch (cause) {
      throw storeError(cause, this.#path)
    }
  }
}

/** A prepared statement that gives rows as arrays, which takes half the time. */
export class RowQuery {
  readonly #statement: RawStatement
  readonly #path: string
  readonly #givesArrays: boolean

  constructor(statement: RawStatement, path: string) {
    this.#statement = statement
    this.#path = path
    this.#givesArrays = statement.setReturnArrays !== undefined
    statement.setReturnArrays?.(true)
  }

  all(...values: SqlValue[]): (readonly SqlValue[])[] {
    try {
      const rows = this.#statement.all(...values)
      return this.#givesArrays ? (rows as unknown as SqlValue[][]) : rows.map((row) => Object.values(row))
    } catch (cause) {
      throw storeError(cause, this.#path)
    }
  }
}

/** A connection whose errors are `IpcError`s. */
export class Database {
  readonly path: string
  readonly #raw: RawDatabase

  /** @param timeout - How long to wait for locks of the file, in milliseconds. */
  constructor(
    sqlite: Sqlite,
    path: string,
    timeout: number,
    { readOnly = false }: { readonly readOnly?: boolean } = {},
  ) {
    this.path = path
    try {
      this.#raw = new sqlite(path, { timeout, readOnly })
    } catch (cause) {
      throw storeError(cause, path)
    }
  }

  exec(sql: string): void {
    try {
      this.#raw.exec(sql)
    } catch (cause) {
      throw storeError(cause, this.path)
    }
  }

  prepare(sql: string): Query {
    try {
      return new Query(this.#raw.prepare(sql), this.path)
    } catch (cause) {
      throw storeError(cause, this.path)
    }
  }

  prepareRows(sql: string): RowQuery {
    try {
      return new RowQuery(this.#raw.prepare(sql), this.path)
    } catch (cause) {
      throw storeError(cause, this.path)
    }
  }

  /** The one value that a statement gives. */
  value(sql: string): SqlValue | undefined {
    const row = this.prepare(sql).get()
    return row === undefined ? undefined : Object.values(row)[0]
  }

  close(): void {
    try {
      this.#raw.close()
    } catch {
      // Whatever it could not do, the file is as the last commit left it.
    }
  }
}

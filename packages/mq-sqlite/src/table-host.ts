import type { SqliteTable } from './sqlite-table.js'
import type { TableQueries } from './table-queries.js'

/** What a table needs of its store. */
export interface TableHost {
  readonly queries: TableQueries
  nextSeq(): number
  /** The table has something to write, or something for others. */
  touched(table: SqliteTable): void
  /** The first of the messages that others may want, and nobody here waits for. */
  arrived(table: SqliteTable): void
  /** Who waits has changed. */
  awaited(): void
}

import { COLUMNS, OTHER_COLUMNS, READY_COLUMNS } from './entry.js'
import type { Database, Query, RowQuery } from './sqlite.js'

/** Bodies up to this size are fetched with their messages, larger ones when they are delivered. */
export const INLINE_BYTES: number = 16 * 1024

/** Rows that one statement puts in, where there are so many. */
export const INSERT_BLOCK: number = 8

/** Rows that another one puts in, of messages that differ in their bodies only: {@link Entry.isPlainAfter}. */
export const PLAIN_BLOCK: number = 16

const BODY = `CASE WHEN bytes <= ${INLINE_BYTES} THEN body END AS body`
const READY = `${READY_COLUMNS}, ${BODY}`
const HEAD = `${READY_COLUMNS}, NULL AS body, ${OTHER_COLUMNS}`
const WHOLE = `${READY}, ${OTHER_COLUMNS}`

/** The statements of all tables, prepared once for a connection. `?1` is the queue where it is not said otherwise. */
export interface TableQueries {
  /** {@link COLUMNS}. */
  readonly insert: Query
  /** The same for {@link INSERT_BLOCK} messages. */
  readonly insertBlock: Query
  /** Queue; seq, rank, at, id and time of the first; the bodies of {@link PLAIN_BLOCK} messages, one after the other. */
  readonly insertPlain: Query
  /** State, at, owner, epoch, flags, attempts, reason; their seqs as JSON. */
  readonly update: Query
  /** seqs as JSON. */
  readonly remove: Query
  /** seq. */
  readonly body: Query
  readonly leased: RowQuery
  /** And how many. */
  readonly ready: RowQuery
  readonly lowest: RowQuery
  readonly due: RowQuery
  readonly deadline: RowQuery
  readonly expiry: RowQuery
  /** And the key. */
  readonly ofKey: RowQuery
  /** And the owner. */
  readonly leasedBy: RowQuery
  /** And how many. */
  readonly dead: RowQuery
  readonly lastDead: Query
  readonly removeWaiting: readonly Query[]
  readonly removeDead: Query
  readonly leasedBytes: Query
  /** And the id. */
  readonly recall: Query
  /** Queue, id, message, until. */
  readonly remember: Query
  /** And the time. */
  readonly forget: Query
  readonly counts: Query
  /** Ready, delayed, blocked, leased, dead, bytes, dropped, expired, expiring; queue. */
  readonly setCounts: Query
  /** Name. */
  readonly numberOf: Query
  /** Name. */
  readonly addQueue: Query
}

/** Prepare them. */
export function tableQueries(db: Database): TableQueries {
  const row = `(${repeated('?', COLUMNS.split(',').length)})`
  const one = (where: string, columns = HEAD): RowQuery =>
    db.prepareRows(`SELECT ${columns} FROM message WHERE queue = ?1 AND ${where}`)
  const remove = (where: string): Query => db.prepare(`DELETE FROM message WHERE queue = ?1 AND ${where}`)
  return {
    insert: db.prepare(`INSERT INTO message (${COLUMNS}) VALUES ${row}`),
    insertBlock: db.prepare(`INSERT INTO message (${COLUMNS}) VALUES ${repeated(row, INSERT_BLOCK)}`),
    insertPlain: db.prepare(`INSERT INTO message (${COLUMNS}) VALUES ${plainRows()}`),
    update: db.prepare(
      'UPDATE message SET state = ?, at = ?, owner = ?, epoch = ?, flags = ?, attempts = ?, reason = ? ' +
        'WHERE seq IN (SELECT value FROM json_each(?))',
    ),
    remove: db.prepare('DELETE FROM message WHERE seq IN (SELECT value FROM json_each(?))'),
    body: db.prepare('SELECT body FROM message WHERE seq = ?'),
    leased: one('seq = ?2 AND +state = 3'),
    ready: one('state = 0 ORDER BY rank, seq LIMIT ?2', READY),
    lowest: one(
      `state = 0 AND rank = (SELECT max(rank) FROM message WHERE queue = ?1 AND state = 0) ORDER BY seq LIMIT 1`,
    ),
    due: one('state = 1 ORDER BY at, seq LIMIT 1'),
    deadline: one('state = 3 ORDER BY at, seq LIMIT 1'),
    expiry: one('expires_at IS NOT NULL AND state < 3 ORDER BY expires_at, seq LIMIT 1'),
    ofKey: one('key = ?2 AND key IS NOT NULL AND state < 4 ORDER BY seq LIMIT 1'),
    leasedBy: one('state = 3 AND owner = ?2 ORDER BY seq'),
    dead: one('state = 4 ORDER BY owner LIMIT ?2', WHOLE),
    lastDead: db.prepare('SELECT max(owner) AS last FROM message WHERE queue = ?1 AND state = 4'),
    removeWaiting: [
      remove('state = 0'),
      remove('state = 1'),
      remove('key IS NOT NULL AND state < 4 AND state = 2'),
    ],
    removeDead: remove('state = 4'),
    leasedBytes: db.prepare('SELECT total(bytes) AS bytes FROM message WHERE queue = ?1 AND state = 3'),
    recall: db.prepare('SELECT message, until FROM known WHERE queue = ?1 AND id = ?2'),
    remember: db.prepare('INSERT OR REPLACE INTO known VALUES (?, ?, ?, ?)'),
    forget: db.prepare('DELETE FROM known WHERE queue = ?1 AND until <= ?2'),
    counts: db.prepare('SELECT * FROM queue WHERE number = ?'),
    setCounts: db.prepare(
      `UPDATE queue SET ready = ?, delayed = ?, blocked = ?, leased = ?, dead = ?, bytes = ?, dropped = ?, expired = ?,
       expiring = ? WHERE number = ?`,
    ),
    numberOf: db.prepare('SELECT number FROM queue WHERE name = ?'),
    addQueue: db.prepare('INSERT INTO queue (name) VALUES (?)'),
  }
}

/** Values of {@link COLUMNS}; what is the same in all is given once, which is most of what it takes to put a row in. */
function plainRows(): string {
  return Array.from({ length: PLAIN_BLOCK }, (_, at) => {
    const body = `?${7 + at}`
    return `(?2 + ${at}, ?1, 0, ?3, ?4, 0, 0, 0, 0, ?5 + ${at}, ?6, NULL, length(${body}), NULL, NULL, NULL, ${body})`
  }).join(', ')
}

function repeated(text: string, times: number): string {
  return Array.from({ length: times }, () => text).join(', ')
}

import { COLUMNS } from './entry.js'
import type { Database, Query } from './sqlite.js'

/** Bodies up to this size are fetched with their messages, larger ones when they are delivered. */
export const INLINE_BYTES: number = 16 * 1024

const HEAD = COLUMNS.replace(', body', '')
const WHOLE = `${HEAD}, CASE WHEN bytes <= ${INLINE_BYTES} THEN body END AS body`

/** The statements of all tables, prepared once for a connection. `?1` is the queue where it is not said otherwise. */
export interface TableQueries {
  /** {@link COLUMNS}. */
  readonly insert: Query
  /** State, at, owner, epoch, flags, attempts, reason; seq. */
  readonly update: Query
  /** seq. */
  readonly remove: Query
  /** seq. */
  readonly body: Query
  readonly leased: Query
  /** And how many. */
  readonly ready: Query
  readonly lowest: Query
  readonly due: Query
  readonly deadline: Query
  readonly expiry: Query
  /** And the key. */
  readonly ofKey: Query
  /** And the owner. */
  readonly leasedBy: Query
  /** And how many. */
  readonly dead: Query
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
  const places = Array.from({ length: COLUMNS.split(',').length }, () => '?').join(', ')
  const one = (where: string, columns = HEAD): Query =>
    db.prepare(`SELECT ${columns} FROM message WHERE queue = ?1 AND ${where}`)
  const remove = (where: string): Query => db.prepare(`DELETE FROM message WHERE queue = ?1 AND ${where}`)
  return {
    insert: db.prepare(`INSERT INTO message (${COLUMNS}) VALUES (${places})`),
    update: db.prepare(
      'UPDATE message SET state = ?, at = ?, owner = ?, epoch = ?, flags = ?, attempts = ?, reason = ? WHERE seq = ?',
    ),
    remove: db.prepare('DELETE FROM message WHERE seq = ?'),
    body: db.prepare('SELECT body FROM message WHERE seq = ?'),
    leased: one('seq = ?2 AND +state = 3'),
    ready: one('state = 0 ORDER BY rank, seq LIMIT ?2', WHOLE),
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

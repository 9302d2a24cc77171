/**
 * What a queue directory holds, in `queues.db`. Times are milliseconds since 1970.
 *
 * ```
 *   store       one row: the last numbers given to messages and to places
 *   process     who has the directory open, or had it and died; `number` is in the owners of its leases, `beat` grows while it
 *               holds some and there are others who see other shared memory
 *   definition  queues and topics: JSON
 *   queue       a row of counters for each queue
 *   message     a row for each message, from `send` to the end of it
 *   known       deduplication ids
 * ```
 *
 * `seq` is a message's place, and the row's id: rows of one transaction lie side by side, and a queue is emptied from one
 * end. What changes about a message stands before its body, so that the body is written once. Each state has an index of its
 * own with only the rows in it: a message is in two b-trees at a time, unless it has a key or expires.
 */
export const SCHEMA_VERSION = 2

/** Marks a database as ours: "IPCQ". */
export const APPLICATION_ID = 0x49504351

/** States as numbers. Waiting are those below {@link LEASED}, living those below {@link DEAD}. */
export const STATES = ['ready', 'delayed', 'blocked', 'leased', 'dead'] as const

/** What leads from each version to the next one; the first one makes all of it. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE store (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    last_seq INTEGER NOT NULL,
    last_id INTEGER NOT NULL
  );
  INSERT INTO store VALUES (1, 0, 0);

  CREATE TABLE process (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    boot TEXT NOT NULL,
    region TEXT NOT NULL,
    participant INTEGER NOT NULL,
    pid INTEGER NOT NULL
  );

  CREATE TABLE definition (
    key TEXT PRIMARY KEY,
    json TEXT NOT NULL
  ) WITHOUT ROWID;

  CREATE TABLE queue (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    ready INTEGER NOT NULL DEFAULT 0,
    delayed INTEGER NOT NULL DEFAULT 0,
    blocked INTEGER NOT NULL DEFAULT 0,
    leased INTEGER NOT NULL DEFAULT 0,
    dead INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    dropped INTEGER NOT NULL DEFAULT 0,
    expired INTEGER NOT NULL DEFAULT 0,
    expiring INTEGER NOT NULL DEFAULT 0
  );

  CREATE TABLE message (
    seq INTEGER PRIMARY KEY,
    queue INTEGER NOT NULL,
    state INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    at REAL NOT NULL,
    owner INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    id INTEGER NOT NULL,
    sent_at REAL NOT NULL,
    expires_at REAL,
    bytes INTEGER NOT NULL,
    key TEXT,
    reason TEXT,
    headers TEXT,
    body BLOB NOT NULL
  );
  CREATE INDEX message_ready ON message (queue, rank) WHERE state = 0;
  CREATE INDEX message_due ON message (queue, at) WHERE state = 1;
  CREATE INDEX message_deadline ON message (queue, at) WHERE state = 3;
  CREATE INDEX message_dead ON message (queue, owner) WHERE state = 4;
  CREATE INDEX message_expiry ON message (queue, expires_at) WHERE expires_at IS NOT NULL AND state < 3;
  CREATE INDEX message_key ON message (queue, key) WHERE key IS NOT NULL AND state < 4;

  CREATE TABLE known (
    queue INTEGER NOT NULL,
    id TEXT NOT NULL,
    message INTEGER NOT NULL,
    until REAL NOT NULL,
    PRIMARY KEY (queue, id)
  ) WITHOUT ROWID;
  CREATE INDEX known_until ON known (queue, until);
  `,
  'ALTER TABLE process ADD COLUMN beat INTEGER NOT NULL DEFAULT 0',
]

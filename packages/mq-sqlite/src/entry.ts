import type { MessageContent, MessageState, StoredMessage } from '@ipc/mq'
import { STATES } from './schema.js'
import type { SqlRow, SqlValue } from './sqlite.js'

const STARTED = 1
const SUSPECT = 2

/** What a message is when it is sent, and its state: the columns of an INSERT, in their order. */
export const COLUMNS =
  'seq, queue, state, rank, at, owner, epoch, flags, attempts, id, sent_at, expires_at, bytes, key, reason, headers, body'

/** A message of the file, as this process knows it; written back by the table. */
export class Entry implements StoredMessage {
  readonly seq: number
  readonly id: number
  readonly priority: number
  readonly sentAt: number
  readonly expiresAt: number
  readonly orderingKey: string | undefined
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly bytes: number
  state: MessageState
  at: number
  /** Of a dead one: its place among the dead. */
  owner = 0
  epoch = 0
  started = false
  attempts = 0
  suspect = false
  reason: string | undefined = undefined

  /** Whether the file has a row of it. */
  isStored = false
  isGone = false
  readonly #load: (seq: number) => Uint8Array
  #body: Uint8Array | undefined

  /** @param load - Fetches the body when it is asked for and was let go. */
  constructor(
    seq: number,
    content: Omit<MessageContent, 'body'> & { readonly body: Uint8Array | undefined },
    state: MessageState,
    at: number,
    load: (seq: number) => Uint8Array,
  ) {
    this.seq = seq
    this.id = content.id
    this.priority = content.priority
    this.sentAt = content.sentAt
    this.expiresAt = content.expiresAt
    this.orderingKey = content.orderingKey
    this.headers = content.headers
    this.bytes = content.bytes
    this.state = state
    this.at = at
    this.#body = content.body
    this.#load = load
  }

  static fromRow(row: SqlRow, load: (seq: number) => Uint8Array): Entry {
    const content = {
      id: row.id as number,
      priority: -(row.rank as number) || 0,
      sentAt: row.sent_at as number,
      expiresAt: (row.expires_at as number | null) ?? Number.POSITIVE_INFINITY,
      orderingKey: (row.key as string | null) ?? undefined,
      headers: row.headers === null ? undefined : JSON.parse(row.headers as string),
      bytes: row.bytes as number,
      body: (row.body as Uint8Array | null) ?? undefined,
    }
    const state = STATES[row.state as number] as MessageState
    const entry = new Entry(row.seq as number, content, state, row.at as number, load)
    entry.owner = row.owner as number
    entry.epoch = row.epoch as number
    entry.started = ((row.flags as number) & STARTED) !== 0
    entry.suspect = ((row.flags as number) & SUSPECT) !== 0
    entry.attempts = row.attempts as number
    entry.reason = (row.reason as string | null) ?? undefined
    entry.isStored = true
    return entry
  }

  get body(): Uint8Array {
    this.#body ??= this.#load(this.seq)
    return this.#body
  }

  /** Keep the body no longer: the file has it. */
  letGo(): void {
    if (this.isStored) this.#body = undefined
  }

  get flags(): number {
    return (this.started ? STARTED : 0) | (this.suspect ? SUSPECT : 0)
  }

  get stateNumber(): number {
    return STATES.indexOf(this.state)
  }

  get isExpiring(): boolean {
    return this.expiresAt !== Number.POSITIVE_INFINITY
  }

  /** In the order of {@link COLUMNS}. */
  values(queue: number): SqlValue[] {
    return [
      this.seq,
      queue,
      this.stateNumber,
      -this.priority,
      this.at,
      this.owner,
      this.epoch,
      this.flags,
      this.attempts,
      this.id,
      this.sentAt,
      this.isExpiring ? this.expiresAt : null,
      this.bytes,
      this.orderingKey ?? null,
      this.reason ?? null,
      this.headers === undefined ? null : JSON.stringify(this.headers),
      this.body,
    ]
  }
}

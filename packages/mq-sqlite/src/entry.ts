import type { MessageContent, MessageState, StoredMessage } from '@ipc/mq'
import { STATES } from './schema.js'
import type { SqlValue } from './sqlite.js'

const STARTED = 1
const SUSPECT = 2

/** What a message is when it is sent, and its state: the columns of an INSERT, in their order. */
export const COLUMNS =
  'seq, queue, state, rank, at, owner, epoch, flags, attempts, id, sent_at, expires_at, bytes, key, reason, headers, body'

/** What is fetched of a message: first what has to be known of one that can be delivered, then what others have. */
export const READY_COLUMNS = 'seq, rank, epoch, flags, attempts, id, sent_at, expires_at, bytes, key, headers'
export const OTHER_COLUMNS = 'state, at, owner, reason'

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

  /** @param row - {@link READY_COLUMNS}, the body or null, {@link OTHER_COLUMNS}; without these it is ready. */
  static fromRow(row: readonly SqlValue[], load: (seq: number) => Uint8Array): Entry {
    const [seq, rank, epoch, flags, attempts, id, sentAt, expiresAt, bytes, key, headers, body] = row
    const [state = 0, at = 0, owner = 0, reason = null] = row.slice(12)
    const content = {
      id: id as number,
      priority: -(rank as number) || 0,
      sentAt: sentAt as number,
      expiresAt: (expiresAt as number | null) ?? Number.POSITIVE_INFINITY,
      orderingKey: (key as string | null) ?? undefined,
      headers: headers === null ? undefined : JSON.parse(headers as string),
      bytes: bytes as number,
      body: (body as Uint8Array | null) ?? undefined,
    }
    const entry = new Entry(
      seq as number,
      content,
      STATES[state as number] as MessageState,
      at as number,
      load,
    )
    entry.owner = owner as number
    entry.epoch = epoch as number
    entry.started = ((flags as number) & STARTED) !== 0
    entry.suspect = ((flags as number) & SUSPECT) !== 0
    entry.attempts = attempts as number
    entry.reason = (reason as string | null) ?? undefined
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

  /** Whether this message, with nothing but a body, comes so many places after another one that was sent like it. */
  isPlainAfter(first: Entry, places: number): boolean {
    return (
      this.state === 'ready' &&
      this.seq === first.seq + places &&
      this.id === first.id + places &&
      this.priority === first.priority &&
      this.at === first.at &&
      this.sentAt === first.sentAt &&
      this.owner === 0 &&
      this.epoch === 0 &&
      this.flags === 0 &&
      this.attempts === 0 &&
      !this.isExpiring &&
      this.reason === undefined &&
      this.orderingKey === undefined &&
      this.headers === undefined &&
      this.bytes === this.body.length
    )
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

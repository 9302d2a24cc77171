import type { MessageContent, MessageState, StoredMessage } from '../queue-store.js'

/** A message in memory, with its places in the indexes. */
export class Entry implements StoredMessage {
  readonly seq: number
  readonly id: number
  readonly priority: number
  readonly sentAt: number
  readonly expiresAt: number
  readonly orderingKey: string | undefined
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly body: Uint8Array
  readonly bytes: number
  state: MessageState
  at: number
  owner = 0
  epoch = 0
  started = false
  attempts = 0
  suspect = false
  reason: string | undefined = undefined

  // Places in the indexes; -1: in none of them.
  /** Among those that are due, or whose lease ends. */
  timeSlot = -1
  expirySlot = -1
  /** Among those of its priority that are ready. */
  turnSlot = -1
  /** Among those of its key. */
  keySlot = -1
  /** Beside it, leased by the same owner. */
  previous: Entry | undefined = undefined
  next: Entry | undefined = undefined

  constructor(seq: number, content: MessageContent, state: MessageState, at: number) {
    this.seq = seq
    this.id = content.id
    this.priority = content.priority
    this.sentAt = content.sentAt
    this.expiresAt = content.expiresAt
    this.orderingKey = content.orderingKey
    this.headers = content.headers
    this.body = content.body
    this.bytes = content.bytes
    this.state = state
    this.at = at
  }
}

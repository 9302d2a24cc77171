import type { Durability } from '@ipc/core'
import type { ResolvedSettings } from './queue-settings.js'
import type { MessageContent, MessageTable, StoredMessage } from './queue-store.js'

/** A message as it is sent: what is not in the queue yet. */
export interface NewMessage {
  readonly priority: number
  readonly delayMs: number
  /** `Infinity` if it never expires. */
  readonly ttlMs: number
  readonly deduplicationId: string | undefined
  readonly orderingKey: string | undefined
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly body: Uint8Array
  readonly bytes: number
  /** How safe it has to be before its sender is told; as its sender opened the queue where it does not say. */
  readonly durability?: Durability | undefined
}

/** The lease of a delivery, as its receiver names it. */
export interface LeaseToken {
  readonly seq: number
  readonly epoch: number
}

/** What a message gets in {@link StateMachine.send}. */
export interface Sent {
  readonly id: number
  readonly duplicate: boolean
}

/** Why a message died without having been given up. */
const MAX_ATTEMPTS = 'max attempts'
const EXPIRED = 'expired'

/**
 * The rules of one queue, over its table. Pure logic: what time it is comes as an argument, and nothing happens but in
 * calls. {@link StateMachine.advance} has to be called before anything else with the same time.
 */
export class StateMachine {
  readonly #table: MessageTable
  readonly #settings: ResolvedSettings
  readonly #nextId: () => number
  readonly #onLost: (message: StoredMessage) => void

  /**
   * @param nextId - Gives the number by which a message is known.
   * @param onLost - Told of a lease whose time is over, before its message goes on.
   */
  constructor(
    table: MessageTable,
    settings: ResolvedSettings,
    nextId: () => number,
    onLost: (message: StoredMessage) => void,
  ) {
    this.#table = table
    this.#settings = settings
    this.#nextId = nextId
    this.#onLost = onLost
  }

  /** Let happen what is due: delays, ends of leases, expiries, in this order. */
  advance(now: number): void {
    const table = this.#table
    for (const ended of table.takeEndedElsewhere(now)) this.#onLost(ended)
    for (let due = table.firstDue(); due !== undefined && due.at <= now; due = table.firstDue()) {
      table.move(due, 'ready', due.at)
    }
    for (
      let ended = table.firstDeadline();
      ended !== undefined && ended.at <= now;
      ended = table.firstDeadline()
    ) {
      this.#onLost(ended)
      this.#release(ended, 0, now)
    }
    for (
      let expired = table.firstExpiry();
      expired !== undefined && expired.expiresAt <= now;
      expired = table.firstExpiry()
    ) {
      this.#expire(expired, now)
    }
  }

  /** When {@link StateMachine.advance} has something to do; `Infinity` if never. */
  nextChangeAt(): number {
    const table = this.#table
    return Math.min(
      table.firstDue()?.at ?? Number.POSITIVE_INFINITY,
      table.firstDeadline()?.at ?? Number.POSITIVE_INFINITY,
      table.firstExpiry()?.expiresAt ?? Number.POSITIVE_INFINITY,
    )
  }

  /** The message that is known by the same deduplication id, if its window is not over. */
  findDuplicate({ deduplicationId }: NewMessage, now: number): Sent | undefined {
    if (deduplicationId === undefined) return undefined
    const known = this.#table.recall(deduplicationId)
    return known !== undefined && known.until > now ? { id: known.id, duplicate: true } : undefined
  }

  /** Whether there is room for so much more. */
  hasRoom(messages: number, bytes: number): boolean {
    const { counts } = this.#table
    const { maxMessages, maxBytes } = this.#settings
    const present = counts.ready + counts.delayed + counts.blocked + counts.leased
    return present + messages <= maxMessages && counts.bytes + bytes <= maxBytes
  }

  /** Drop the oldest messages of the lowest priority until there is room; false if there can be none. */
  makeRoom(messages: number, bytes: number, now: number): boolean {
    const table = this.#table
    while (!this.hasRoom(messages, bytes)) {
      const oldest = table.firstToDrop()
      if (oldest === undefined) return false
      this.#removeLiving(oldest, now)
      table.count('dropped', 1)
    }
    return true
  }

  /** Put a message in. Whether there is room is up to the caller. */
  send(message: NewMessage, now: number): Sent {
    const known = this.findDuplicate(message, now)
    if (known !== undefined) return known
    const id = this.#nextId()
    const { priority, delayMs, ttlMs, deduplicationId, orderingKey, headers, body, bytes } = message
    const content = { id, priority, sentAt: now, expiresAt: now + ttlMs, orderingKey, headers, body, bytes }
    this.#insert(content, now, delayMs)
    if (deduplicationId !== undefined) {
      this.#table.remember(deduplicationId, id, now + this.#settings.deduplicationWindowMs, now)
    }
    return { id, duplicate: false }
  }

  /** Lease the next message to `owner`; `undefined` if there is none. */
  claim(owner: number, leaseMs: number, now: number): StoredMessage | undefined {
    const message = this.#table.firstReady()
    if (message !== undefined) this.#table.lease(message, owner, now + leaseMs)
    return message
  }

  /** Whether `owner` has this lease. */
  holds(owner: number, { seq, epoch }: LeaseToken): boolean {
    return this.#held(owner, seq, epoch) !== undefined
  }

  /** The owner begins to handle it. Returns false when the lease is over, as the following do. */
  start(owner: number, { seq, epoch }: LeaseToken): boolean {
    const message = this.#held(owner, seq, epoch)
    if (message === undefined) return false
    if (!message.started) this.#table.start(message)
    return true
  }

  ack(owner: number, { seq, epoch }: LeaseToken, now: number): boolean {
    const message = this.#held(owner, seq, epoch)
    if (message === undefined) return false
    this.#removeLiving(message, now)
    return true
  }

  /** @param delayMs - `undefined`: as long as the queue's backoff says. */
  nack(owner: number, { seq, epoch }: LeaseToken, delayMs: number | undefined, now: number): boolean {
    const message = this.#held(owner, seq, epoch)
    if (message === undefined) return false
    this.#release(message, delayMs ?? this.#backoffMs(message.attempts), now)
    return true
  }

  extend(owner: number, { seq, epoch }: LeaseToken, ms: number, now: number): boolean {
    const message = this.#held(owner, seq, epoch)
    if (message === undefined) return false
    this.#table.extend(message, now + ms)
    return true
  }

  deadLetter(owner: number, { seq, epoch }: LeaseToken, reason: string, now: number): boolean {
    const message = this.#held(owner, seq, epoch)
    if (message === undefined) return false
    this.#bury(message, reason, now)
    return true
  }

  /** An owner is gone: what it has goes back. @param died - Without having been able to say what it had begun. */
  releaseOwner(owner: number, died: boolean, now: number): void {
    for (const message of this.#table.leasedBy(owner)) {
      if (died) this.#table.suspect(message)
      this.#release(message, 0, now)
    }
  }

  /** Remove all that waits; returns how many. */
  purge(): number {
    return this.#table.removeWaiting()
  }

  /** Put up to `max` dead letters back, behind what waits; returns how many. Stops when there is no room. */
  redrive(max: number, now: number): number {
    const table = this.#table
    let redriven = 0
    for (const dead of table.deadInOrder(Math.min(max, table.counts.dead))) {
      if (!this.hasRoom(1, dead.bytes)) break
      table.remove(dead)
      const { id, priority, sentAt, orderingKey, headers, body, bytes } = dead
      // Its time was over, or may soon be: whoever puts it back wants it delivered.
      const expiresAt = Number.POSITIVE_INFINITY
      this.#insert({ id, priority, sentAt, expiresAt, orderingKey, headers, body, bytes }, now, 0)
      redriven++
    }
    return redriven
  }

  #insert(content: MessageContent, now: number, delayMs: number): void {
    const { orderingKey } = content
    const table = this.#table
    const isBehind = orderingKey !== undefined && table.firstOfKey(orderingKey) !== undefined
    table.insert(content, isBehind ? 'blocked' : delayMs > 0 ? 'delayed' : 'ready', now + delayMs)
  }

  #held(owner: number, seq: number, epoch: number): StoredMessage | undefined {
    const message = this.#table.findLeased(seq)
    return message?.owner === owner && message.epoch === epoch ? message : undefined
  }

  /** A lease is over, and nothing came of it. */
  #release(message: StoredMessage, delayMs: number, now: number): void {
    if (message.started && message.attempts >= this.#settings.maxAttempts) {
      this.#bury(message, MAX_ATTEMPTS, now)
    } else if (message.expiresAt <= now) {
      this.#expire(message, now)
    } else {
      this.#table.move(message, delayMs > 0 ? 'delayed' : 'ready', now + delayMs)
    }
  }

  #expire(message: StoredMessage, now: number): void {
    this.#table.count('expired', 1)
    if (this.#settings.whenExpired === 'dead-letter') this.#bury(message, EXPIRED, now)
    else this.#removeLiving(message, now)
  }

  #removeLiving(message: StoredMessage, now: number): void {
    this.#table.remove(message)
    this.#nextOfKey(message.orderingKey, now)
  }

  #bury(message: StoredMessage, reason: string, now: number): void {
    const table = this.#table
    table.bury(message, reason, now)
    this.#nextOfKey(message.orderingKey, now)
    while (table.counts.dead > this.#settings.maxDeadLetters) {
      const [oldest] = table.deadInOrder(1)
      table.remove(oldest as StoredMessage)
      table.count('dropped', 1)
    }
  }

  /** It is the turn of the next message with this key, unless the present one still has it. */
  #nextOfKey(key: string | undefined, now: number): void {
    const next = key === undefined ? undefined : this.#table.firstOfKey(key)
    if (next?.state !== 'blocked') return
    this.#table.move(next, next.at > now ? 'delayed' : 'ready', next.at)
  }

  #backoffMs(attempts: number): number {
    const { backoffFirstMs, backoffMaxMs } = this.#settings
    return Math.min(backoffFirstMs * 2 ** Math.max(0, attempts - 1), backoffMaxMs)
  }
}

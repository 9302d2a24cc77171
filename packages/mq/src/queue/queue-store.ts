import type { Durability } from '@ipc/core'

/**
 * Where a message is. There is one way to every state, and the store has an index for each:
 *
 * ```
 *             send                          claim               ack
 *   ---------------------> ready ----------------------> leased ----> gone
 *      |         due         ^  ^   nack, lease over,      |
 *      +---> delayed --------+  |   owner gone             |
 *      |        ^               +--------------------------+
 *      |        |  its turn                                | max attempts, given up, expired
 *      +---> blocked ---> ready                            v
 *                                redrive <-------------- dead
 * ```
 *
 * A message with an ordering key is `blocked` while an earlier one with that key is not gone or dead.
 */
export type MessageState = 'ready' | 'delayed' | 'blocked' | 'leased' | 'dead'

/** What does not change about a message from when it is in the queue. */
export interface MessageContent {
  /** What the sender knows it by. */
  readonly id: number
  readonly priority: number
  /** Milliseconds since 1970, as all times. */
  readonly sentAt: number
  /** `Infinity` if never. */
  readonly expiresAt: number
  readonly orderingKey: string | undefined
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly body: Uint8Array
  /** What it counts for in the capacity. */
  readonly bytes: number
}

/** A message in a {@link MessageTable}. Only the table changes it. */
export interface StoredMessage extends MessageContent {
  /** Its place among those of the same priority: later messages have higher ones. Unique in the table. */
  readonly seq: number
  readonly state: MessageState
  /** Delayed and blocked: not to be delivered before. Leased: end of the lease, `Infinity` if none. Dead: since when. */
  readonly at: number
  /** Who has the lease, if leased. */
  readonly owner: number
  /** Number of leases so far: tells the present one from earlier ones. */
  readonly epoch: number
  /** Whether the present owner has begun to handle it. */
  readonly started: boolean
  /** Deliveries that somebody began to handle. */
  readonly attempts: number
  /** Its last owner died with it: of what, nobody knows. Until somebody has begun to handle it. */
  readonly suspect: boolean
  /** Why it is dead. */
  readonly reason: string | undefined
}

/** How many messages there are in each state; bytes of all but dead ones. */
export interface TableCounts {
  readonly ready: number
  readonly delayed: number
  readonly blocked: number
  readonly leased: number
  readonly dead: number
  readonly bytes: number
  /** So far dropped to make room, and expired; see {@link MessageTable.count}. */
  readonly dropped: number
  readonly expired: number
}

/** A message with the same deduplication id that was sent before. */
export interface KnownMessage {
  readonly id: number
  readonly until: number
}

/**
 * The messages of one queue and the indexes over them. Knows no rules: the state machine calls for every change, and
 * the table keeps its indexes right. Each call is one statement for a store that speaks SQL, and takes O(log n) at most.
 *
 * Calls are synchronous: a store that writes to disk runs in a thread of its own, state machine included, and what
 * reaches that thread is batches of commands. What is read may have been written by another process that shares the store.
 */
export interface MessageTable {
  readonly counts: TableCounts
  /** Add a message behind all others. */
  insert(content: MessageContent, state: 'ready' | 'delayed' | 'blocked', at: number): StoredMessage
  findLeased(seq: number): StoredMessage | undefined
  /** Put a message that is not dead into another state, and take it from its owner if it has one. */
  move(message: StoredMessage, state: 'ready' | 'delayed' | 'blocked', at: number): void
  /** Give a ready message to an owner, with the next epoch. A lease that ends only with its owner has `Infinity`. */
  lease(message: StoredMessage, owner: number, deadline: number): void
  /** The owner has begun: one more attempt, and no longer suspect. */
  start(message: StoredMessage): void
  extend(message: StoredMessage, deadline: number): void
  /** Remember that its owner died with it. */
  suspect(message: StoredMessage): void
  bury(message: StoredMessage, reason: string, at: number): void
  remove(message: StoredMessage): void
  /** Remove all that are ready, delayed or blocked; returns how many. */
  removeWaiting(): number
  /** Remove all that are dead; returns how many. */
  removeDead(): number

  /** The first one to be delivered: highest priority, then lowest `seq`. */
  firstReady(): StoredMessage | undefined
  /** The first ones to be delivered, in order. */
  readyInOrder(limit: number): readonly StoredMessage[]
  /** The one to be dropped for another: of the ready ones lowest priority, then lowest `seq`; else of the delayed ones. */
  firstToDrop(): StoredMessage | undefined
  /** The delayed one that is due first. */
  firstDue(): StoredMessage | undefined
  /** The lease that ends first, if any ends. */
  firstDeadline(): StoredMessage | undefined
  /** Of those that are ready, delayed or blocked, the one that expires first, if any does. */
  firstExpiry(): StoredMessage | undefined
  /** Of those with the key that are not dead the one with the lowest `seq`. */
  firstOfKey(key: string): StoredMessage | undefined
  /** In the order of `seq`. */
  leasedBy(owner: number): readonly StoredMessage[]
  /** The ones that died first, in order. */
  deadInOrder(limit: number): readonly StoredMessage[]

  /** Remember a deduplication id. Those whose time is over may be forgotten. */
  remember(deduplicationId: string, id: number, until: number, now: number): void
  recall(deduplicationId: string): KnownMessage | undefined
  /** Add to a total. */
  count(what: 'dropped' | 'expired', messages: number): void

  /** Who waits here: in a store that processes share, others know by it whom to wake. */
  setAwaited(forMessages: boolean, forRoom: boolean): void
  /** Leases given here that another process has ended meanwhile, because their time was over. */
  takeEndedElsewhere(now: number): readonly StoredMessage[]
}

/** The part of a `Map` that a store implements. */
export interface Definitions extends Iterable<[key: string, json: string]> {
  get(key: string): string | undefined
  set(key: string, json: string): unknown
  delete(key: string): unknown
}

/**
 * Keeps the messages of queues. `@ipc/mq` has one in memory; a durable one implements the same.
 */
export interface QueueStore {
  /**
   * The most that a message in it survives: `os` once {@link QueueStore.commit} has returned, `disk` once
   * {@link QueueStore.sync} has.
   */
  readonly durability: Durability
  /** The table of a queue; made when it is not there. */
  table(queue: string): MessageTable
  /** A number that no message in the store has had. */
  nextId(): number
  /** A number that no owner of leases in the store has had. */
  nextOwner(): number
  /** What queues and topics there are: JSON, by kind and name. Kept as long as the messages are. */
  readonly definitions: Definitions
  /**
   * Called before anything else is, once for all that came in at the same time. In a store that processes share nobody else
   * changes anything from now on to {@link QueueStore.commit}.
   *
   * @returns whether others have changed something since the last time.
   */
  begin(): boolean
  /**
   * Make everything changed since {@link QueueStore.begin} last, in one step, before anybody is told. A store that cannot throws an
   * `IpcError`, as all of its calls may; nothing of it has happened then, and the store is closed.
   */
  commit(): void
  /** Let all that was committed survive a loss of power; then those are told who asked for that. */
  sync(): void
  /** Give up memory and files. */
  close(): void
}

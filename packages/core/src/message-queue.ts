import type { AbortOptions, Unsubscribe, WaitOptions } from './connection.js'

/** How safely a message is kept: in memory, in the operating system (survives SIGKILL), on disk (survives power loss). */
export type Durability = 'memory' | 'os' | 'disk'

/** What a queue can and cannot do. Plain JSON; what is absent rejects with `IPC_NOT_SUPPORTED`. */
export interface QueueCapabilities {
  readonly durability: readonly Durability[]
  readonly priorities: boolean
  readonly orderingKeys: boolean
  readonly delay: boolean
  readonly ttl: boolean
  readonly deduplication: boolean
  readonly deadLetters: boolean
  readonly transactions: boolean
}

/** Options of {@link MessageQueue.send}. `timeoutMs` and `signal` bound the wait for room in a full queue. */
export interface QueueSendOptions extends WaitOptions {
  /** Higher is delivered first; equal priorities in order of sending. An integer from -32768 to 32767. @default 0 */
  readonly priority?: number | undefined
  /** Not delivered before this many milliseconds. @default 0 */
  readonly delayMs?: number | undefined
  /** Dropped, or dead-lettered, when not retrieved within this many milliseconds. @default Infinity */
  readonly ttlMs?: number | undefined
  /** A second message with the same id within the queue's window is not queued: `duplicate` in the receipt. */
  readonly deduplicationId?: string | undefined
  /** Messages with the same key are handled one at a time, in order of sending, whatever their priorities. */
  readonly orderingKey?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** How safe the message has to be when the receipt comes. @default the queue's */
  readonly durability?: Durability | undefined
}

/** One message of {@link MessageQueue.sendBatch}. */
export interface OutgoingMessage<T> {
  readonly body: T
  /** Of the message; a wait is bounded for the whole batch. */
  readonly options?: Omit<QueueSendOptions, keyof WaitOptions> | undefined
}

/** What the queue promises about a message it took. */
export interface SendReceipt {
  /** Of the message; of the first one when it is a duplicate. */
  readonly id: string
  readonly durability: Durability
  readonly duplicate: boolean
}

/** Options of {@link MessageQueue.receive}. */
export interface QueueReceiveOptions extends AbortOptions {
  /** Longest wait in milliseconds. What is there already is taken even with 0. @default Infinity */
  readonly timeoutMs?: number | undefined
  /** How long the message is ours before it goes to somebody else. @default the queue's */
  readonly leaseMs?: number | undefined
}

/** Options of {@link MessageQueue.consume}. */
export interface ConsumeOptions extends AbortOptions {
  /** Messages that are fetched ahead, and leased meanwhile. An integer >= 1. @default 32 */
  readonly prefetch?: number | undefined
  /** How long a message is ours, from when it was fetched. @default the queue's */
  readonly leaseMs?: number | undefined
}

/** Options of {@link MessageQueue.process}. */
export interface ProcessOptions extends Omit<ConsumeOptions, 'leaseMs'> {
  /** Handlers that run at the same time. @default 1 */
  readonly concurrency?: number | undefined
  /**
   * How long a handler may take for a message; then the message goes to somebody else, as another attempt, and the
   * `signal` of the delivery aborts. A handler begins when the queue knows of it, which takes a round trip.
   *
   * @default Infinity
   */
  readonly maxRunMs?: number | undefined
}

/** A message as it can be looked at without taking it. */
export interface PeekedMessage<T> {
  readonly body: T
  readonly id: string
  /** Number of the attempt: 1 for the first. Deliveries that nobody began to handle do not count. */
  readonly attempt: number
  readonly sentAt: Date
  readonly priority: number
  readonly orderingKey: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

/** A message that was given up. */
export interface DeadLetter<T> extends PeekedMessage<T> {
  /** Why: what {@link Delivery.deadLetter} was given, or `'max attempts'`, `'expired'`. */
  readonly reason: string
  readonly deadAt: Date
}

/** A message taken from a queue, leased until it is acknowledged. */
export interface Delivery<T> extends PeekedMessage<T> {
  /**
   * Done: the queue forgets the message. Resolves when it has.
   *
   * @throws IpcError `IPC_LEASE_LOST` when the lease is over: somebody else may have the message by now.
   */
  ack(): Promise<void>
  /** Not done: back into the queue, in its place, at once or after `delayMs`. After the last attempt it is a dead letter. */
  nack(options?: { readonly delayMs?: number | undefined }): Promise<void>
  /** Keep the lease for another `ms` milliseconds from now. */
  extend(ms: number): Promise<void>
  /** Give up: a dead letter from now on, with a reason. */
  deadLetter(reason: string): Promise<void>
  /** Aborts when the lease is lost: by time, or because the queue is out of reach. */
  readonly signal: AbortSignal
}

/** A queue's counters: plain JSON. */
export interface QueueStats {
  /** Can be delivered now. */
  readonly ready: number
  /** Wait for their time. */
  readonly delayed: number
  /** Wait for an earlier message with the same ordering key. */
  readonly blocked: number
  readonly leased: number
  readonly dead: number
  /** Of all messages but dead ones: bodies, headers and keys. */
  readonly bytes: number
  /** So far dropped to make room, dead letters included. */
  readonly dropped: number
  /** So far expired. */
  readonly expired: number
}

/** A running {@link MessageQueue.process}. */
export interface Consumer extends AsyncDisposable {
  /** Take no more; resolves when the running handlers are done. With an aborted `signal`: at once. */
  stop(options?: AbortOptions): Promise<void>
  /** Hear of failed attempts, and of the end of the queue. */
  onError(listener: (error: unknown, delivery: PeekedMessage<unknown> | undefined) => void): Unsubscribe
  /** Resolves (never rejects) when nothing more is handled. */
  readonly stopped: Promise<void>
}

/** Collects what {@link MessageQueue.transaction} does in one step. */
export interface QueueTransaction {
  /** As `delivery.ack()`. Deliveries of other queues of the same host may be among them. */
  ack(delivery: Delivery<unknown>): void
  /** As `delivery.deadLetter(reason)`. */
  deadLetter(delivery: Delivery<unknown>, reason: string): void
  /** As `queue.send(body, options)`; does not wait for room. `queue` has to be of the same host. */
  send<T>(queue: MessageQueue<T>, body: T, options?: Omit<QueueSendOptions, keyof WaitOptions>): void
}

/**
 * A queue that holds messages until somebody retrieves them: senders and receivers need not be connected, or alive
 * at the same time.
 *
 * Messages are delivered by priority, and in order of sending within one. A delivery is a lease: it is over with
 * `ack`, or the message goes back to its place: by `nack`, when the time of the lease is over, when the receiver dies.
 *
 * @example
 * ```ts
 * import type { MessageQueue } from '@ipc/core'
 *
 * async function work(queue: MessageQueue<{ url: string }>): Promise<void> {
 *   for await (const delivery of queue.consume()) {
 *     await fetch(delivery.body.url)
 *     await delivery.ack()
 *   }
 * }
 * ```
 */
export interface MessageQueue<T> extends AsyncDisposable {
  readonly name: string
  readonly capabilities: QueueCapabilities

  /**
   * Put a message into the queue. The body is encoded (copied) before return; messages of one sender keep their order.
   * A full queue makes the sender wait, refuses, or drops its oldest message, as it was set up.
   *
   * @throws IpcError `IPC_QUEUE_FULL` when a full queue refuses; `IPC_TIMEOUT`, `IPC_ABORTED` while it waits: nothing is
   * queued then; `IPC_MESSAGE_TOO_LARGE`; `IPC_PERMISSION_DENIED`; `IPC_CLOSED`; `IPC_PEER_LOST`: the message may be
   * queued or not.
   * @throws TypeError | RangeError for an option that cannot be right, or a body that the codec does not carry.
   */
  send(body: T, options?: QueueSendOptions): Promise<SendReceipt>

  /** Put several messages, in order, with one receipt each. A queue that refuses takes all of them or none. */
  sendBatch(messages: readonly OutgoingMessage<T>[], options?: WaitOptions): Promise<SendReceipt[]>

  /**
   * The oldest message of the highest priority; `undefined` after `timeoutMs`. Waiting calls are served first come, first
   * served.
   *
   * @throws IpcError `IPC_ABORTED`: no message was taken; `IPC_CLOSED`; `IPC_PEER_LOST`; `IPC_DECODE_FAILED` for a message that
   * the codec or schema refuses, which is a dead letter then.
   */
  receive(options?: QueueReceiveOptions): Promise<Delivery<T> | undefined>

  /** Up to `max` of the messages that are there; waits for the first one. Empty after `timeoutMs`. */
  receiveBatch(options: QueueReceiveOptions & { readonly max: number }): Promise<Delivery<T>[]>

  /**
   * Take messages as they come, with some fetched ahead. Ends when the queue is closed, throws when it is lost. What
   * was fetched and not handed out goes back when the loop is left. What cannot be decoded is a dead letter.
   */
  consume(options?: ConsumeOptions): AsyncIterable<Delivery<T>>

  /**
   * Handle messages as they come: acknowledged when the handler returns, back after the queue's backoff when it throws.
   * The fastest way to consume. What was fetched is ours for as long as this process is there and in reach of the queue,
   * also while a handler keeps the event loop busy; `maxRunMs` bounds it. Where handlers take long, fetch little ahead.
   */
  process(handler: (delivery: Delivery<T>) => Promise<void> | void, options?: ProcessOptions): Consumer

  /** Look at the next messages, in the order of delivery, without taking them. @param count - @default 1 */
  peek(count?: number): Promise<PeekedMessage<T>[]>

  /** Look at dead letters, the oldest first. @param count - @default 1 */
  deadLetters(count?: number): Promise<DeadLetter<T>[]>

  stats(): Promise<QueueStats>

  /** Remove every message that waits, or with `dead` every dead letter; resolves to their number. */
  purge(what?: 'waiting' | 'dead'): Promise<number>

  /** Put dead letters back, the oldest first, behind what waits and with all their attempts; resolves to their number. */
  redrive(options?: { readonly max?: number | undefined }): Promise<number>

  /**
   * Do several things in one step: all of them happen, or none. Resolves to the receipts of what was sent.
   *
   * @param build - Called at once; says what to do.
   * @throws IpcError `IPC_LEASE_LOST` when one of the leases is over; `IPC_QUEUE_FULL` when a queue has no room, whether or
   * not it makes senders wait.
   */
  transaction(build: (transaction: QueueTransaction) => void): Promise<SendReceipt[]>

  /**
   * Leave the queue: what was sent and acknowledged before is through, what was received and not acknowledged goes
   * back, everything pending settles (`IPC_CLOSED`). The queue itself and its messages stay. Further calls join the first.
   */
  close(): Promise<void>
}

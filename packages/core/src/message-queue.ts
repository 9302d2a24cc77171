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

/** Options of {@link MessageQueue.send}. */
export interface QueueSendOptions extends AbortOptions {
  /** Higher is delivered first; equal priorities in order of sending. @default 0 */
  readonly priority?: number | undefined
  /** Not delivered before this many milliseconds. @default 0 */
  readonly delayMs?: number | undefined
  /** Dropped, or dead-lettered, when not retrieved within this many milliseconds. @default Infinity */
  readonly ttlMs?: number | undefined
  /** A second message with the same id within the queue's window is not queued: `duplicate` in the receipt. */
  readonly deduplicationId?: string | undefined
  /** Messages with the same key are handled one at a time, in order. */
  readonly orderingKey?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** How safe the message has to be when the receipt comes. @default the queue's */
  readonly durability?: Durability | undefined
}

/** What the queue promises about a message it took. */
export interface SendReceipt {
  readonly id: string
  readonly durability: Durability
  readonly duplicate: boolean
}

/** Options of {@link MessageQueue.receive}. */
export interface QueueReceiveOptions extends WaitOptions {
  /** How long the message is ours before it goes to somebody else. @default the queue's */
  readonly leaseMs?: number | undefined
}

/** A message as it can be looked at without taking it. */
export interface PeekedMessage<T> {
  readonly body: T
  readonly id: string
  readonly attempt: number
  readonly sentAt: Date
  readonly priority: number
  readonly headers: Readonly<Record<string, string>>
}

/** A message taken from a queue, leased until it is acknowledged. */
export interface Delivery<T> extends PeekedMessage<T> {
  /** Done: the queue forgets the message. @throws IpcError `IPC_LEASE_LOST` when somebody else has it by now. */
  ack(): Promise<void>
  /** Not done: back into the queue, in its place. */
  nack(options?: { readonly delayMs?: number | undefined }): Promise<void>
  /** Keep the lease for another `ms` milliseconds from now. */
  extend(ms: number): Promise<void>
  /** Give up: into the dead-letter queue, with a reason. */
  deadLetter(reason: string): Promise<void>
  /** Aborts when the lease is lost. */
  readonly signal: AbortSignal
}

/** A queue's counters: plain JSON. */
export interface QueueStats {
  readonly ready: number
  readonly delayed: number
  readonly leased: number
  readonly dead: number
  readonly bytes: number
}

/** A running {@link MessageQueue.process}. */
export interface Consumer {
  /** Take no more; resolves when the running handlers are done. */
  stop(options?: AbortOptions): Promise<void>
  /** Hear of failed attempts. */
  onError(listener: (error: unknown, delivery: PeekedMessage<unknown>) => void): Unsubscribe
}

/**
 * A queue that holds messages until somebody retrieves them: senders and receivers need not be connected, or alive
 * at the same time.
 */
export interface MessageQueue<T> extends AsyncDisposable {
  readonly name: string
  readonly capabilities: QueueCapabilities
  /** @throws IpcError `IPC_QUEUE_FULL` when the queue's policy is to reject; `IPC_ABORTED`. */
  send(body: T, options?: QueueSendOptions): Promise<SendReceipt>
  sendBatch(
    messages: readonly { readonly body: T; readonly options?: QueueSendOptions | undefined }[],
  ): Promise<SendReceipt[]>
  /** The oldest message of the highest priority; `undefined` after `timeoutMs`. */
  receive(options?: QueueReceiveOptions): Promise<Delivery<T> | undefined>
  receiveBatch(options: QueueReceiveOptions & { readonly max: number }): Promise<Delivery<T>[]>
  consume(
    options?: QueueReceiveOptions & { readonly prefetch?: number | undefined },
  ): AsyncIterable<Delivery<T>>
  /** Handle messages as they come: acknowledged on return, back with backoff on a throw. */
  process(
    handler: (delivery: Delivery<T>) => Promise<void> | void,
    options?: { readonly concurrency?: number | undefined; readonly leaseMs?: number | undefined },
  ): Consumer
  peek(count?: number): Promise<PeekedMessage<T>[]>
  stats(): Promise<QueueStats>
  /** Remove every message that is not leased; resolves to their number. */
  purge(): Promise<number>
  /** Put dead letters back; resolves to their number. */
  redrive(options?: { readonly max?: number | undefined }): Promise<number>
  close(): Promise<void>
}

import type { MessageQueue, QueueCapabilities } from '@ipc/core'

/** What queues can do that are kept in memory. */
export const IN_MEMORY: QueueCapabilities = {
  durability: ['memory'],
  priorities: true,
  orderingKeys: true,
  delay: true,
  ttl: true,
  deduplication: true,
  deadLetters: true,
  transactions: true,
}

/** How a test wants its queue. Defaults where it says nothing: room for 1000 messages, leases of a minute. */
export interface QueueSetup {
  readonly maxMessages?: number | undefined
  readonly maxBytes?: number | undefined
  readonly whenFull?: 'wait' | 'reject' | 'drop-oldest' | undefined
  readonly leaseMs?: number | undefined
  readonly maxAttempts?: number | undefined
  readonly backoff?: { readonly firstMs?: number; readonly maxMs?: number } | undefined
  readonly deduplicationWindowMs?: number | undefined
  readonly whenExpired?: 'drop' | 'dead-letter' | undefined
  readonly maxDeadLetters?: number | undefined
}

/** Somebody else at the same queue. */
export interface OtherClient {
  readonly queue: MessageQueue<unknown>
  /** End it at once, as if its program had been killed. Absent where clients cannot die alone. */
  kill?(): Promise<void>
}

/** A fresh queue, and ways to it. */
export interface QueueFixture {
  readonly queue: MessageQueue<unknown>
  /** Another client of the same queue. */
  another(): Promise<OtherClient>
  /** Another queue for the client of `queue`, so that transactions can span both. */
  sibling(setup?: QueueSetup): Promise<MessageQueue<unknown>>
  dispose(): Promise<void>
}

/** All that the suite has to know about queues of a kind. It asks for capabilities, never for names. */
export interface QueueHarness {
  readonly name: string
  readonly capabilities: QueueCapabilities
  open(setup?: QueueSetup): Promise<QueueFixture>
  /** A queue whose host can be killed; present where that is possible. */
  mortal?(): Promise<{ readonly queue: MessageQueue<unknown>; kill(): Promise<void> }>
  /** Whether `another` is at a host of its own: those who wait at different ones are served in no particular order. */
  readonly severalHosts?: boolean
  /** Watchdog of each test. @default 20_000 */
  readonly testTimeoutMs?: number
  /** Called once, after the last test. */
  dispose?(): Promise<void>
}

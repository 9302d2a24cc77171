import type { Durability, IpcErrorJson } from '@ipc/core'
import type { QueueSettings } from './queue-settings.js'
import type { TableCounts } from './queue-store.js'
import type { NewMessage, Sent } from './state-machine.js'

/**
 * What is done with a delivery. `start`: its receiver begins to handle it, which makes it an attempt; `run`: for `ms` at
 * most. `release`: it goes back, not begun. `nack`: it goes back after `ms`. `retry`: it goes back after the queue's backoff.
 */
export type SettleAction = 'start' | 'ack' | 'release' | 'nack' | 'retry' | 'extend' | 'dead-letter' | 'run'

/** Those that take nothing but the lease: many are said at once. */
export type PlainAction = Extract<SettleAction, 'start' | 'ack' | 'release' | 'retry'>

/** A lease and what becomes of it. */
export interface Settle {
  /** Of the queue that the delivery came from. */
  readonly handle: number
  readonly action: SettleAction
  readonly seq: number
  readonly epoch: number
  /** Of `nack`, `extend` and `run`. */
  readonly ms: number
  /** Of `dead-letter`. */
  readonly reason: string
}

/** What there is to ask or order about a queue. */
export type Inquiry = 'stats' | 'peek' | 'dead-letters' | 'purge' | 'purge-dead' | 'redrive'

/**
 * What a client tells the engine. A `request` is a number of the client's choice, unique among those it waits for, by which
 * the answer is known; 0: no answer is wanted. A `handle` is a number of its choice for what it has opened.
 */
export type Command =
  /** Open a queue, or a topic. */
  | {
      readonly kind: 'open'
      readonly request: number
      readonly handle: number
      readonly what: 'queue' | 'topic'
      readonly name: string
      /** Make it when it is not there. */
      readonly create: QueueSettings | undefined
      /** How safe what is done with it has to be before its answer comes; as safe as can be where it does not say. */
      readonly durability?: Durability | undefined
    }
  /** Give back what is leased, and want no more. */
  | { readonly kind: 'close'; readonly request: number; readonly handle: number }
  | {
      readonly kind: 'send'
      readonly request: number
      readonly handle: number
      readonly messages: readonly NewMessage[]
    }
  | {
      readonly kind: 'receive'
      readonly request: number
      readonly handle: number
      readonly max: number
      /** 0: the queue's. `Infinity`: as long as the client is there. */
      readonly leaseMs: number
      readonly wait: boolean
    }
  /** Deliver as messages come, never more than `prefetch` and later credit. The request lives until it is cancelled. */
  | {
      readonly kind: 'consume'
      readonly request: number
      readonly handle: number
      readonly prefetch: number
      readonly leaseMs: number
    }
  /** So many more. After a lease that is over a stream gets nothing before it has said that, be it 0. */
  | { readonly kind: 'credit'; readonly request: number; readonly count: number }
  /** Wait no more. Answered by `cancelled`, unless the answer is on its way already. */
  | { readonly kind: 'cancel'; readonly request: number }
  | ({ readonly kind: 'settle'; readonly request: number } & Settle)
  /** The same for several deliveries of a queue, each for itself. Answered by `settled`. */
  | {
      readonly kind: 'settle-each'
      readonly request: number
      readonly handle: number
      readonly action: PlainAction
      /** `seq` and `epoch` of each in turn. */
      readonly leases: readonly number[]
    }
  | {
      readonly kind: 'inquire'
      readonly request: number
      readonly handle: number
      readonly what: Inquiry
      readonly count: number
    }
  | {
      readonly kind: 'transact'
      readonly request: number
      readonly settles: readonly Settle[]
      readonly sends: readonly { readonly handle: number; readonly message: NewMessage }[]
    }
  /** Send to every queue of a topic whose pattern matches. */
  | {
      readonly kind: 'publish'
      readonly request: number
      readonly handle: number
      readonly subject: string
      readonly message: NewMessage
    }
  /** Let a queue have what is published to a topic. */
  | {
      readonly kind: 'bind'
      readonly request: number
      readonly handle: number
      readonly queue: string
      readonly pattern: string
      readonly create: QueueSettings | undefined
    }
  | {
      readonly kind: 'unbind'
      readonly request: number
      readonly handle: number
      readonly queue: string
    }

/** A message as it goes to a client. */
export interface SentOut {
  readonly seq: number
  readonly epoch: number
  readonly id: number
  readonly attempts: number
  readonly suspect: boolean
  readonly priority: number
  readonly sentAt: number
  readonly orderingKey: string | undefined
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly body: Uint8Array
  /** Of a dead letter. */
  readonly reason: string | undefined
  readonly deadAt: number
}

/** What the engine tells a client. */
export type QueueEvent =
  | { readonly kind: 'done'; readonly request: number; readonly value: number }
  | { readonly kind: 'opened'; readonly request: number; readonly durability: Durability }
  | { readonly kind: 'sent'; readonly request: number; readonly receipts: readonly Sent[] }
  /** With request 0: everything has ended. */
  | { readonly kind: 'failed'; readonly request: number; readonly error: IpcErrorJson }
  | {
      readonly kind: 'delivered'
      readonly request: number
      readonly handle: number
      readonly messages: readonly SentOut[]
    }
  /** @see Command `settle-each` */
  | {
      readonly kind: 'settled'
      readonly request: number
      /** Places of those whose lease was over. */
      readonly late: readonly number[]
    }
  | { readonly kind: 'cancelled'; readonly request: number; readonly queued: number }
  | { readonly kind: 'listed'; readonly request: number; readonly messages: readonly SentOut[] }
  | { readonly kind: 'stats'; readonly request: number; readonly counts: TableCounts }
  /** The time of a lease is over. */
  | { readonly kind: 'lost'; readonly handle: number; readonly seq: number; readonly epoch: number }

/** Where a client's commands go: into the engine, or to one over a connection. */
export interface CommandSink {
  /** Takes commands in order; what comes of them comes as events, never before this returns. */
  execute(commands: readonly Command[]): void
}

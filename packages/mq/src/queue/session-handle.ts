import type { Durability } from '@ipc/core'
import type { QueueOperation } from './access.js'
import type { HostedQueue } from './hosted-queue.js'
import type { HostedTopic } from './hosted-topic.js'

/** What a client has opened. */
export interface Handle {
  readonly queue: HostedQueue | undefined
  readonly topic: HostedTopic | undefined
  readonly owner: number
  readonly may: ReadonlySet<QueueOperation>
  /** How safe what its client does has to be before that hears of it. */
  readonly durability: Durability
}

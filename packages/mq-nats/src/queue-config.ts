import type { QueueSettings } from '@ipc/mq'
import { type ResolvedSettings, resolveSettings } from '@ipc/mq/internal'
import {
  AckPolicy,
  type ConsumerConfig,
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import type { QueueNames } from './names.js'

/** How a queue on JetStream behaves. Plain JSON, fixed when the queue is made. */
export interface NatsQueueSettings extends Omit<QueueSettings, 'whenExpired'> {
  /**
   * Where the server keeps messages: in files (receipts say `os`: they survive a server that is killed), or in its memory.
   *
   * @default 'file'
   */
  readonly storage?: 'file' | 'memory' | undefined
}

/** {@link NatsQueueSettings}, complete and checked. */
export interface ResolvedNatsSettings extends ResolvedSettings {
  readonly storage: 'file' | 'memory'
}

/** The server lets a lease run this much longer than its receiver, who so knows first that it is over. */
export const LEASE_MARGIN_MS = 1000
/** Longer leases are renewed meanwhile: the message of a receiver that died comes back after that. */
const MAX_ACK_WAIT_MS = 3_600_000
const MIN_DEDUPLICATION_WINDOW_MS = 100
const MAX_DEDUPLICATION_WINDOW_MS = 7 * 24 * 3_600_000
/** Receivers that may wait at the same time. The server's default is 512. */
const MAX_WAITING_PULLS = 16_384

/**
 * Settings with the defaults filled in.
 *
 * @throws RangeError | TypeError for one that cannot be right.
 */
export function resolveNatsSettings(settings: NatsQueueSettings): ResolvedNatsSettings {
  const { storage = 'file' } = settings
  if (storage !== 'file' && storage !== 'memory') {
    throw new TypeError(`storage must be one of file, memory, got ${String(storage)}`)
  }
  return { ...resolveSettings(settings), storage }
}

/** How long the server waits for an acknowledgement, or for word that the lease goes on. */
export function ackWaitMs({ leaseMs }: ResolvedSettings): number {
  return Math.min(leaseMs, MAX_ACK_WAIT_MS) + LEASE_MARGIN_MS
}

/** The stream that holds a queue's messages. What JetStream has no word for is in its description. */
export function streamConfig(
  { stream, subject }: QueueNames,
  settings: ResolvedNatsSettings,
): Partial<StreamConfig> & { readonly name: string } {
  const { maxMessages, maxBytes, whenFull, deduplicationWindowMs, storage } = settings
  const window = Math.max(deduplicationWindowMs, MIN_DEDUPLICATION_WINDOW_MS)
  return {
    name: stream,
    subjects: [subject],
    description: JSON.stringify({ ipc: 1, ...settings }),
    retention: RetentionPolicy.Workqueue,
    storage: storage === 'file' ? StorageType.File : StorageType.Memory,
    // Where messages are refused, senders keep them: see RoomBudget.
    max_msgs: whenFull === 'drop-oldest' ? maxMessages : -1,
    max_bytes: whenFull === 'drop-oldest' ? maxBytes : -1,
    discard: whenFull === 'drop-oldest' ? DiscardPolicy.Old : DiscardPolicy.New,
    duplicate_window: nanos(Math.min(window, MAX_DEDUPLICATION_WINDOW_MS)),
  }
}

/** The stream of its dead letters. */
export function deadStreamConfig(
  { deadStream, deadSubject }: QueueNames,
  { maxDeadLetters, storage }: ResolvedNatsSettings,
): Partial<StreamConfig> & { readonly name: string } {
  return {
    name: deadStream,
    subjects: [deadSubject],
    retention: RetentionPolicy.Limits,
    storage: storage === 'file' ? StorageType.File : StorageType.Memory,
    max_msgs: Math.max(1, maxDeadLetters),
    discard: DiscardPolicy.Old,
  }
}

/** The consumer that all receivers share. Messages that were delivered too often are given up by who gets them. */
export function consumerConfig(settings: ResolvedSettings, name: string): Partial<ConsumerConfig> {
  return {
    durable_name: name,
    // Also where the stream is in files: see StreamConsumer.
    mem_storage: true,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ackWaitMs(settings)),
    max_deliver: -1,
    max_ack_pending: -1,
    max_waiting: MAX_WAITING_PULLS,
  }
}

/** The settings with which a stream was made; `undefined` if it is no queue of ours. */
export function settingsOf({ description }: StreamConfig): ResolvedNatsSettings | undefined {
  try {
    const { ipc, ...settings } = JSON.parse(description ?? '')
    return ipc === 1 ? readSettings(settings) : undefined
  } catch {
    return undefined
  }
}

/** What JSON has no word for is `null` in it. */
function readSettings(settings: Record<string, unknown>): ResolvedNatsSettings {
  const { backoffFirstMs, backoffMaxMs, ...rest } = Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, value ?? Number.POSITIVE_INFINITY]),
  )
  const backoff = { firstMs: backoffFirstMs, maxMs: backoffMaxMs }
  return resolveNatsSettings({ ...rest, backoff } as NatsQueueSettings)
}

import { type Durability, IpcError, type QueueCapabilities } from '@ipc/core'
import { type NewMessage, upTo } from '@ipc/mq/internal'

/**
 * What queues on JetStream can do. Priorities would need a subject and a consumer for each, and would not be kept by what
 * was fetched ahead; later servers have delays and times to live of whole seconds, which are not used yet.
 */
export function capabilitiesOf(offered: Durability): QueueCapabilities {
  return {
    durability: upTo(offered),
    priorities: false,
    orderingKeys: false,
    delay: false,
    ttl: false,
    deduplication: true,
    deadLetters: true,
    transactions: false,
    redeliveryInPlace: false,
    startedAttempts: false,
    exactStates: false,
  }
}

/** @throws IpcError `IPC_NOT_SUPPORTED` for a message that asks for more. */
export function checkAble({ priority, orderingKey, delayMs, ttlMs }: NewMessage): void {
  if (priority !== 0) throw notSupported('priorities')
  if (orderingKey !== undefined) throw notSupported('ordering keys')
  if (delayMs !== 0) throw notSupported('delays')
  if (ttlMs !== Number.POSITIVE_INFINITY) throw notSupported('a time to live')
}

export function notSupported(what: string): IpcError {
  return new IpcError(
    'IPC_NOT_SUPPORTED',
    `queues on JetStream have no ${what}: ask queue.capabilities first; queues of @ipc/mq and @ipc/mq-sqlite do`,
  )
}

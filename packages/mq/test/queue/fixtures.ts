import type { QueueCapabilities } from '@ipc/core'

/** What queues in memory can do. */
export const CAPABILITIES: QueueCapabilities = {
  durability: ['memory'],
  priorities: true,
  orderingKeys: true,
  delay: true,
  ttl: true,
  deduplication: true,
  deadLetters: true,
  transactions: true,
  redeliveryInPlace: true,
  startedAttempts: true,
  exactStates: true,
}

import type { Peer } from '@ipc/core'

/** What can be done with a queue or topic. */
export const QUEUE_OPERATIONS = ['send', 'receive', 'inspect', 'manage', 'create'] as const

/**
 * One of them. `send`: also publish to a topic. `receive`: consume, acknowledge. `inspect`: peek, dead letters, counters.
 * `manage`: purge, redrive, bind queues to a topic. `create`: make it when it is not there.
 */
export type QueueOperation = (typeof QUEUE_OPERATIONS)[number]

/** What somebody wants to do. */
export interface QueueAccess {
  readonly operation: QueueOperation
  readonly kind: 'queue' | 'topic'
  readonly name: string
}

/** Who may do what. What it throws is a no. */
export type Authorize = (peer: Peer, access: QueueAccess) => boolean

/** Longest name of a queue or topic, in UTF-16 code units. */
const MAX_NAME_LENGTH = 255

/** Whether it can name a queue or topic. */
export function isName(name: unknown): name is string {
  return typeof name === 'string' && name.length > 0 && name.length <= MAX_NAME_LENGTH
}

/** @throws TypeError when it cannot. */
export function checkName(name: unknown): string {
  if (!isName(name)) throw new TypeError(`a name must be a string of 1 to ${MAX_NAME_LENGTH} characters`)
  return name
}

/**
 * Looks at the queues of a directory, for tools: read-only, and without being one of the processes that share it. Not covered
 * by semantic versioning before 1.0.
 *
 * @packageDocumentation
 */
export type { QueueStats } from '@ipc/core'
export { inspectQueues, type QueueInspection, type SeenMessage, type SeenQueue } from './inspect-queues.js'

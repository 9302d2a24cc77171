import type { Connection, MessageQueue } from '@ipc/core'
import { type OpenOptions, openQueue } from './open-queue.js'
import { openTopic, type QueueTopic } from './topic.js'
import { linkOver } from './wire/remote-engine.js'

/**
 * Open a queue of the broker at the other end of a connection, over whatever transport. Its codec has to carry objects with
 * bytes in them: `msgpack()` and structured clone do. Any number of queues share a connection, and the application's other
 * messages on it are left alone; it stays open when its queues are closed.
 *
 * When the connection ends, everything pending rejects with its reason, deliveries abort their `signal`, and what was leased
 * is delivered to others at once.
 *
 * @param name - 1 to 255 characters.
 * @throws IpcError `IPC_CONNECT_FAILED` when there is no such queue and `create` is not given; `IPC_PERMISSION_DENIED`;
 * `IPC_TIMEOUT`, `IPC_ABORTED`: a peer that is no broker does not answer; `IPC_PEER_LOST`, `IPC_CLOSED`, ...
 *
 * @example
 * ```ts
 * import type { Connection } from '@ipc/core'
 * import { connectQueue } from '@ipc/mq'
 *
 * async function work(connection: Connection): Promise<void> {
 *   const jobs = await connectQueue<{ url: string }>(connection, 'jobs', { create: {} })
 *   const consumer = jobs.process(async ({ body }) => {
 *     await fetch(body.url)
 *   })
 *   await consumer.stopped
 * }
 * ```
 */
export function connectQueue<T = unknown>(
  connection: Connection<never, never> | Connection<unknown, unknown>,
  name: string,
  options: OpenOptions<T> = {},
): Promise<MessageQueue<T>> {
  return openQueue<T>(linkOver(connection as Connection<unknown, unknown>), name, options)
}

/**
 * Open a topic of the broker at the other end of a connection, made when it is not there; otherwise as {@link connectQueue}.
 *
 * @example
 * ```ts
 * import type { Connection } from '@ipc/core'
 * import { connectTopic } from '@ipc/mq'
 *
 * async function announce(connection: Connection, region: string): Promise<void> {
 *   const events = await connectTopic(connection, 'events')
 *   await events.publish(`server.${region}.started`, { at: new Date() })
 * }
 * ```
 */
export function connectTopic<T = unknown>(
  connection: Connection<never, never> | Connection<unknown, unknown>,
  name: string,
  options: Omit<OpenOptions<T>, 'create'> = {},
): Promise<QueueTopic<T>> {
  return openTopic<T>(linkOver(connection as Connection<unknown, unknown>), name, options)
}

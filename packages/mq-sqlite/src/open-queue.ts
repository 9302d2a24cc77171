import { resolve } from 'node:path'
import type { MessageQueue } from '@ipc/core'
import type { OpenOptions, QueueTopic } from '@ipc/mq'
import { openQueue as openOver, openTopic as openTopicOver } from '@ipc/mq/internal'
import { linkTo } from './writer-link.js'

/**
 * Open a queue that is kept in a directory, made when it is not there. Any process of this user that opens the same
 * directory has the same queues; no daemon is needed, and none of them has to be alive for the messages to stay.
 *
 * A thread beside the calling one does all that concerns files: the event loop waits for no lock and no disk. What was sent
 * while it was busy is one transaction, synchronised once. `send` resolves when the message is on disk, or as safe as
 * `durability` says; so does `ack`. `process` acknowledges without waiting for the disk.
 *
 * @param directory - This user's alone (mode 0700); made when it is not there.
 * @param name - 1 to 255 characters.
 * @param options - `create`: settings of a queue that is not there yet. @default all defaults
 * @throws IpcError `IPC_PERMISSION_DENIED` when the directory is another user's, open to others, or read-only; `IPC_PROTOCOL`
 * when it holds another program's database, or none; `IPC_VERSION_MISMATCH` when a later version made it, or another one has
 * it open; `IPC_STORE_FAILED` when it is corrupt, or the disk fails, then or later; `IPC_OUT_OF_MEMORY` when the disk is full;
 * `IPC_NOT_SUPPORTED` without SQLite, or shared memory.
 * @throws TypeError | RangeError for an option that cannot be right.
 *
 * @example
 * ```ts
 * import { openQueue } from '@ipc/mq-sqlite'
 *
 * const jobs = await openQueue<{ url: string }>('./queues', 'jobs')
 * await jobs.send({ url: 'https://example.org' }) // on disk
 *
 * // any process, now or later
 * const delivery = await jobs.receive()
 * await delivery?.ack()
 * await jobs.close()
 * ```
 */
export function openQueue<T = unknown>(
  directory: string,
  name: string,
  options: OpenOptions<T> = {},
): Promise<MessageQueue<T>> {
  const create = options.create ?? {}
  return openOver<T>(linkTo(checkDirectory(directory)), name, { ...options, create })
}

/**
 * Open a topic that is kept in a directory, made when it is not there; otherwise as {@link openQueue}.
 *
 * @example
 * ```ts
 * import { openTopic } from '@ipc/mq-sqlite'
 *
 * const events = await openTopic('./queues', 'events')
 * const billing = await events.subscribe('billing', { pattern: 'order.*.paid' })
 * await events.publish('order.eu.paid', { cents: 990 })
 * console.log((await billing.receive())?.body) // { cents: 990 }
 * ```
 */
export function openTopic<T = unknown>(
  directory: string,
  name: string,
  options: Omit<OpenOptions<T>, 'create'> = {},
): Promise<QueueTopic<T>> {
  return openTopicOver<T>(linkTo(checkDirectory(directory)), name, options)
}

function checkDirectory(directory: string): string {
  if (typeof directory !== 'string' || directory === '') {
    throw new TypeError(`directory must be a path, got ${String(directory)}`)
  }
  return resolve(directory)
}

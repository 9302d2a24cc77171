import { type MessageQueue, msgpack } from '@ipc/core'
import { connectQueue } from '@ipc/mq'
import { openQueue as openStored } from '@ipc/mq-sqlite'
import { inspectQueues } from '@ipc/mq-sqlite/inspect'
import { NotFoundError, UsageError } from '../exit-codes.js'
import type { Terminal } from '../terminal.js'
import { type ReachOptions, reach } from './address.js'
import { codecOf } from './message-format.js'

/** A peer that is no broker does not answer. */
const ANSWER_MS = 10_000

/** Where a queue is, as options say it: in a directory, or at a broker. */
export interface QueuePlace extends Omit<ReachOptions, 'dir'> {
  /** Of `@ipc/mq-sqlite`. */
  readonly dir?: string
  /** Address of a broker. */
  readonly at?: string
  readonly shmDir: string
  readonly codec: string
}

/** What {@link withQueue} may do. */
export interface QueueAccess {
  /** Make the queue when it is not there. */
  readonly create: boolean
}

/**
 * Use a queue, and leave it.
 *
 * @throws NotFoundError when it is not there and `create` is false. IpcError as `openQueue`, `connect`, `connectQueue`.
 */
export async function withQueue<T>(
  place: QueuePlace,
  name: string,
  { create }: QueueAccess,
  { signal }: Terminal,
  use: (queue: MessageQueue<unknown>) => Promise<T>,
): Promise<T> {
  checkPlace(place)
  const codec = codecOf(place.codec)
  if (place.dir !== undefined) {
    if (!create) await checkThere(place.dir, name)
    const queue = await openStored(place.dir, name, { codec, signal })
    return use(queue).finally(() => queue.close())
  }
  const { transport, address } = reach(place.at as string, { ...place, dir: place.shmDir })
  const connection = await transport.connect(address, { codec: msgpack(), signal })
  try {
    const queue = await connectQueue(connection, name, {
      codec,
      signal,
      timeoutMs: ANSWER_MS,
      ...(create ? { create: {} } : {}),
    })
    return await use(queue).finally(() => queue.close())
  } finally {
    await connection.close({ signal }).catch(() => {})
  }
}

/** One of the two, and not both. */
export function checkPlace({ dir, at }: Pick<QueuePlace, 'dir' | 'at'>): void {
  if (dir === undefined && at === undefined) {
    throw new UsageError('say where the queue is: --dir DIRECTORY, or --at ADDRESS of a broker')
  }
  if (dir !== undefined && at !== undefined) throw new UsageError('--dir and --at exclude each other')
}

/** Opening a queue would make it. */
async function checkThere(directory: string, name: string): Promise<void> {
  const inspection = await inspectQueues(directory)
  try {
    const names = inspection.queues().map((queue) => queue.name)
    if (names.includes(name)) return
    const known = names.length === 0 ? 'none' : names.join(', ')
    throw new NotFoundError(`there is no queue ${name} in ${directory}, there are: ${known}`)
  } finally {
    inspection.close()
  }
}

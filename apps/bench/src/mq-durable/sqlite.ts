import { bytes, type Durability } from '@ipc/core'
import { openQueue } from '@ipc/mq-sqlite'
import type { Pair } from '../pair/pair.js'
import { durablePair, type OpenDurable } from './durable-queue.js'
import { ofMessageQueue, ROOMY } from './message-queue.js'
import type { DurableShape } from './shape.js'

/** Our queue on SQLite. */
function sqliteQueue(durability: Durability): OpenDurable {
  return async (directory, shape) => {
    const queue = await openQueue<Uint8Array>(directory, 'bench', {
      codec: bytes(),
      durability,
      create: ROOMY,
    })
    return ofMessageQueue(queue, shape, () => queue.close())
  }
}

export const sqliteDisk: Pair<DurableShape> = durablePair(sqliteQueue('disk'))
export const sqliteOs: Pair<DurableShape> = durablePair(sqliteQueue('os'))

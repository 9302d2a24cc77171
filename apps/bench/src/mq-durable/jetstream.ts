import { bytes } from '@ipc/core'
import { natsQueue } from '@ipc/mq-nats'
import { connect } from '@nats-io/transport-node'
import type { Pair } from '../pair/pair.js'
import { startNatsServer } from '../peers/nats-server.js'
import { durablePair } from './durable-queue.js'
import { ofMessageQueue, ROOMY } from './message-queue.js'
import type { DurableShape } from './shape.js'

/** JetStream through `@ipc/mq-nats`, in files, on a server of its own with its own settings: fsync every two minutes. */
export const jetstreamFile: Pair<DurableShape> = durablePair(async (directory, shape) => {
  const server = await startNatsServer(['-js', '-sd', directory])
  const connection = await connect({ servers: server.url })
  // Two minutes of message ids would fill the server's memory.
  const create = { ...ROOMY, deduplicationWindowMs: 1000 }
  const queue = await natsQueue<Uint8Array>(connection, 'bench', { codec: bytes(), create })
  return ofMessageQueue(queue, shape, async () => {
    await queue.close()
    await connection.close()
    server.stop()
  })
})

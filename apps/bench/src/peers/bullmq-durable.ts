import { join } from 'node:path'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { durablePair, type OpenDurable } from '../mq-durable/durable-queue.js'
import type { DurableShape } from '../mq-durable/shape.js'
import type { Pair } from '../pair/pair.js'
import { startRedisServer } from './redis-server.js'

const NAME = 'bench'
/** Jobs that its worker handles at once. */
const CONCURRENCY = 64

/** BullMQ on a Redis that appends to a file, and brings it to the disk every second, or before it answers. */
function bullmq(appendfsync: 'everysec' | 'always'): OpenDurable {
  return async (directory, { messageBytes }) => {
    const path = join(directory, 'redis.sock')
    const settings = ['--appendonly', 'yes', '--appendfsync', appendfsync, '--dir', directory]
    const stopServer = await startRedisServer(path, settings)
    const connect = (): Redis => new Redis({ path, maxRetriesPerRequest: null })
    const clients = [connect(), connect()] as const
    const queue = new Queue(NAME, { connection: clients[0] })
    const data = { payload: 'x'.repeat(messageBytes) }
    return {
      async sendBatch(bodies) {
        await queue.addBulk(bodies.map(() => ({ name: 'job', data })))
      },
      async consume(onHandled) {
        const options = { connection: clients[1], concurrency: CONCURRENCY, removeOnComplete: { count: 0 } }
        // A job is done when Redis knows it.
        const worker = new Worker(NAME, async () => {}, options)
        worker.on('completed', onHandled)
        await worker.waitUntilReady()
        return () => worker.close()
      },
      waiting: async () => {
        const {
          waiting = 0,
          active = 0,
          failed = 0,
        } = await queue.getJobCounts('waiting', 'active', 'failed')
        return waiting + active + failed
      },
      async close() {
        await queue.close()
        for (const client of clients) client.disconnect()
        stopServer()
      },
    }
  }
}

export const bullmqEverysec: Pair<DurableShape> = durablePair(bullmq('everysec'))
export const bullmqAlways: Pair<DurableShape> = durablePair(bullmq('always'))

import { join } from 'node:path'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { type Figure, WARM_UP_SECONDS } from '../bench-case.js'
import type { QueueShape } from '../mq/queue.js'
import type { Pair } from '../pair/pair.js'
import { startRedisServer } from './redis-server.js'

const NAME = 'bench'
/** Jobs that its worker handles at once. */
const CONCURRENCY = 64

/** BullMQ on a Redis without persistence; producer and worker are in one process. */
export const bullmqQueue: Pair<QueueShape> = {
  far: 'thread',
  fars: 0,
  async runNear({ seconds, scratch }, shape) {
    const path = join(scratch, 'redis.sock')
    const stop = await startRedisServer(path)
    const connect = (): Redis => new Redis({ path, maxRetriesPerRequest: null })
    const clients = [connect(), connect()] as const
    const queue = new Queue(NAME, { connection: clients[0] })
    let handled = 0
    let enough = (): void => {}
    let least = Number.POSITIVE_INFINITY
    const worker = new Worker(
      NAME,
      async () => {
        handled++
        if (handled >= least) enough()
      },
      { connection: clients[1], concurrency: CONCURRENCY, removeOnComplete: { count: 0 } },
    )
    const handledTo = (count: number): Promise<void> =>
      new Promise((resolve) => {
        least = count
        enough = resolve
        if (handled >= count) resolve()
      })
    const body = { payload: 'x'.repeat(shape.messageBytes) }
    const jobs = Array.from({ length: shape.batch }, () => ({ name: 'job', data: body }))
    let sent = 0
    const pass = async (forSeconds: number): Promise<number> => {
      const before = sent
      const until = performance.now() + forSeconds * 1000
      do {
        await queue.addBulk(jobs)
        sent += jobs.length
        if (sent - handled > shape.underWay) await handledTo(sent - shape.underWay / 2)
      } while (performance.now() < until)
      await handledTo(sent)
      return sent - before
    }
    await pass(WARM_UP_SECONDS)
    const start = performance.now()
    const before = process.cpuUsage()
    const count = await pass(seconds)
    const { user, system } = process.cpuUsage(before)
    const elapsedMs = performance.now() - start
    // Without that of Redis.
    const figures: Figure[] = [
      { metric: 'rate', value: count / (elapsedMs / 1000), unit: 'messages/s' },
      { metric: 'cpu', value: (user + system) / count, unit: 'us/message' },
    ]
    await worker.close()
    await queue.close()
    for (const client of clients) client.disconnect()
    stop()
    return figures
  },
  async runFar() {},
}

import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { MessageChannel, type Worker } from 'node:worker_threads'
import type { MessageQueue } from '@ipc/core'
import { type Broker, createBroker, mq, type QueueSettings } from '@ipc/mq'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchWorker } from '../fixtures/launch.js'
import type { ProducerResult, ProducerTask } from '../fixtures/producer.js'

const PRODUCERS = 5
const COUNT = 1000
const BYTES = 16 * 1024
const MAX_MESSAGES = 500
/** Half of what the producers send: a queue holds a tenth of it, and as much again may be under way, here and there. */
const MOST_MEMORY = (PRODUCERS * COUNT * BYTES) / 2

type Body = { readonly producer: number; readonly n: number }

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes that this thread, which hosts the broker, holds on to. */
function memory(): number {
  // Twice: what the first one finds unused may hold on to buffers.
  collectGarbage()
  collectGarbage()
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics()
  return heap + external
}

describe('a full queue, five producers in threads of their own, and nobody who consumes', {
  timeout: 120_000,
}, () => {
  const workers: Worker[] = []
  let broker: Broker

  beforeAll(() => {
    broker = createBroker()
    const program = new URL('../fixtures/producer.ts', import.meta.url)
    for (let i = 0; i < PRODUCERS; i++) workers.push(launchWorker(program, undefined))
  })

  afterAll(async () => {
    await broker.close()
    for (const worker of workers) await worker.terminate()
  })

  async function produce(queue: string): Promise<ProducerResult[]> {
    return Promise.all(
      workers.map(async (worker, producer) => {
        const { port1, port2 } = new MessageChannel()
        broker.serve(await mq().listen(port1))
        const task: ProducerTask = { port: port2, queue, producer, count: COUNT, bytes: BYTES }
        worker.postMessage(task, [port2])
        const [result] = (await once(worker, 'message')) as [ProducerResult]
        port1.close()
        return result
      }),
    )
  }

  function open(name: string, whenFull: QueueSettings['whenFull']): Promise<MessageQueue<Body>> {
    return broker.queue<Body>(name, { create: { maxMessages: MAX_MESSAGES, whenFull } })
  }

  /** What each producer has in the queue, in order. */
  async function waiting(queue: MessageQueue<Body>): Promise<number[][]> {
    const numbers: number[][] = workers.map(() => [])
    for (let left = MAX_MESSAGES; left > 0; ) {
      // As many as one answer holds.
      const deliveries = await queue.receiveBatch({ max: left, timeoutMs: 0 })
      for (const { body } of deliveries) numbers[body.producer]!.push(body.n)
      left = deliveries.length === 0 ? 0 : left - deliveries.length
    }
    return numbers
  }

  test('that refuses has taken as many as it holds, and told the others', async () => {
    const queue = await open('reject', 'reject')
    const before = memory()
    const results = await produce('reject')
    expect(memory() - before).toBeLessThan(MOST_MEMORY)
    expect(await queue.stats()).toMatchObject({ ready: MAX_MESSAGES, dropped: 0 })
    expect(results.reduce((sum, { taken }) => sum + taken.length, 0)).toBe(MAX_MESSAGES)
    for (const { taken, refused } of results) expect(taken.length + refused).toBe(COUNT)
    expect(await waiting(queue)).toEqual(results.map(({ taken }) => taken))
  })

  test('that drops has the latest of all', async () => {
    const queue = await open('drop', 'drop-oldest')
    const before = memory()
    const results = await produce('drop')
    expect(memory() - before).toBeLessThan(MOST_MEMORY)
    const dropped = PRODUCERS * COUNT - MAX_MESSAGES
    expect(await queue.stats()).toMatchObject({ ready: MAX_MESSAGES, dropped })
    for (const { taken, refused } of results) expect([taken.length, refused]).toEqual([COUNT, 0])
    for (const numbers of await waiting(queue)) {
      // The last ones of each producer, without a gap.
      expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, at) => COUNT - numbers.length + at))
    }
  })

  test('that makes its senders wait loses and repeats nothing, once somebody consumes', async () => {
    const queue = await open('wait', 'wait')
    const before = memory()
    const results = produce('wait')
    while ((await queue.stats()).ready < MAX_MESSAGES) await delay(5)
    // They have gone on as far as they could: nothing changes any more.
    for (let i = 0; i < 50; i++) {
      await delay(2)
      expect((await queue.stats()).ready).toBe(MAX_MESSAGES)
    }
    expect(memory() - before).toBeLessThan(MOST_MEMORY)
    const numbers: number[][] = workers.map(() => [])
    const consumer = queue.process(({ body }) => {
      numbers[body.producer]!.push(body.n)
    })
    for (const { taken, refused } of await results) expect([taken.length, refused]).toEqual([COUNT, 0])
    while ((await queue.stats()).ready + (await queue.stats()).leased > 0) await delay(5)
    await consumer.stop()
    const all = Array.from({ length: COUNT }, (_, n) => n)
    expect(numbers).toEqual(workers.map(() => all))
  })
})

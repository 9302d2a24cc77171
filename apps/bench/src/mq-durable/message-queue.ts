import type { MessageQueue } from '@ipc/core'
import type { DurableQueue } from './durable-queue.js'
import type { DurableShape } from './shape.js'

/** What is only sent has to find room. */
export const ROOMY = { maxMessages: 2 ** 30, maxBytes: 2 ** 40, leaseMs: 600_000 } as const

/** One of ours, as a user would use it: a handler, and enough fetched ahead. */
export function ofMessageQueue(
  queue: MessageQueue<Uint8Array>,
  { underWay }: DurableShape,
  close: () => Promise<void>,
): DurableQueue {
  return {
    async sendBatch(bodies) {
      await queue.sendBatch(bodies.map((body) => ({ body })))
    },
    async consume(onHandled) {
      const consumer = queue.process(onHandled, { prefetch: Math.max(1, underWay / 2) })
      return () => consumer.stop()
    },
    async waiting() {
      // What a handler has returned from is acknowledged, but nobody was told when.
      for (let last = -1; ; ) {
        const { ready, leased } = await queue.stats()
        if (leased === 0 || leased === last) return ready + leased
        last = leased
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
    },
    close,
  }
}

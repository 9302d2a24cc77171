import { type Connection, serve } from '@ipc/core'
import type { Job, Order } from './orders.js'
import { openLabQueue } from './queue-place.js'

/** How many numbers each sender has for its messages. */
const NUMBERS = 1000

/** What a sender says of itself. */
export interface QueueSenderReport {
  /** Confirmed by a receipt. */
  readonly sent: number
}

/** A process that puts messages into the queue, and knows nobody who takes them out. */
export async function sendToQueue({ scratch, generation }: Job, supervisor: Connection): Promise<void> {
  const queue = await openLabQueue(scratch)
  let next = generation * NUMBERS
  let sent = 0
  serve(supervisor, async (body) => {
    const order = body as Order
    if (order.type === 'send') {
      const messages = Array.from({ length: order.count }, () => ({
        body: { number: next++, bad: order.bad },
      }))
      sent += (await queue.sendBatch(messages)).length
    }
    if (order.type === 'finish') await queue.close()
    return { sent } satisfies QueueSenderReport
  })
}

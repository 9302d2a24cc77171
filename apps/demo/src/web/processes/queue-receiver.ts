import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, serve } from '@ipc/core'
import type { Pace } from '../protocol.js'
import type { Job, Order } from './orders.js'
import { openLabQueue } from './queue-place.js'

/** What a receiver says of itself. */
export interface QueueReceiverReport {
  /** Handled and acknowledged. */
  readonly handled: number
  readonly failed: number
  /** Number of the message that is being handled. */
  readonly handling: number | undefined
  readonly pace: Pace
}

/** A process that takes messages out of the queue, one after the other, and takes its time for each. */
export async function receiveFromQueue({ scratch }: Job, supervisor: Connection): Promise<void> {
  const queue = await openLabQueue(scratch)
  let pace: Pace = { paused: false, perSecond: 1 }
  let handled = 0
  let failed = 0
  let handling: number | undefined
  const consumer = queue.process(
    async ({ body, signal }) => {
      handling = body.number
      try {
        if (pace.perSecond !== 'max') await sleep(1000 / pace.perSecond, undefined, { signal })
        if (body.bad) {
          failed++
          throw new Error(`message ${body.number} is bad`)
        }
        handled++
      } finally {
        handling = undefined
      }
    },
    { prefetch: 1 },
  )
  serve(supervisor, async (body) => {
    const order = body as Order
    if (order.type === 'pace') pace = order.pace
    if (order.type === 'finish') {
      await consumer.stop()
      await queue.close()
    }
    return { handled, failed, handling, pace } satisfies QueueReceiverReport
  })
}

import { type Figure, WARM_UP_SECONDS } from '../bench-case.js'
import type { DurableQueue } from './durable-queue.js'
import type { DurableShape } from './shape.js'

/**
 * Send, and with `work: 'queue'` handle at the same time, as fast as the queue allows: a few senders, each of which awaits its
 * batch. All messages are counted, at the end in the queue itself.
 *
 * @returns the rate, and how many messages there were in all, warm-up included.
 */
export async function measureDurable(
  queue: DurableQueue,
  seconds: number,
  shape: DurableShape,
): Promise<readonly Figure[]> {
  const warm = await pass(queue, Math.min(seconds, WARM_UP_SECONDS), shape)
  const start = performance.now()
  const count = await pass(queue, seconds, shape)
  const elapsedMs = performance.now() - start
  const total = warm + count
  const expected = shape.work === 'send' ? total : 0
  const waiting = await queue.waiting()
  if (waiting !== expected) throw new Error(`${waiting} messages wait, where ${expected} were to wait`)
  return [
    { metric: 'rate', value: count / (elapsedMs / 1000), unit: 'messages/s' },
    { metric: 'messages', value: total, unit: '' },
  ]
}

/** Returns how many messages were sent, and handled. */
async function pass(
  queue: DurableQueue,
  seconds: number,
  { work, messageBytes, batch, senders, underWay }: DurableShape,
): Promise<number> {
  const bodies = Array.from({ length: batch }, () => new Uint8Array(messageBytes).fill(0x61))
  const until = performance.now() + seconds * 1000
  const isHandled = work === 'queue'
  let sent = 0
  let handled = 0
  let wake = (): void => {}
  const change = (): Promise<void> =>
    new Promise((resolve) => {
      const before = wake
      wake = () => {
        before()
        resolve()
      }
    })
  const stop = isHandled
    ? await queue.consume(() => {
        handled++
        if (handled > sent) throw new Error(`${handled} messages handled, ${sent} sent`)
        const woken = wake
        wake = () => {}
        woken()
      })
    : async (): Promise<void> => {}
  const send = async (): Promise<void> => {
    do {
      sent += batch
      await queue.sendBatch(bodies)
      while (isHandled && sent - handled > underWay) await change()
    } while (performance.now() < until)
  }
  await Promise.all(Array.from({ length: senders }, send))
  while (isHandled && handled < sent) await change()
  await stop()
  return sent
}

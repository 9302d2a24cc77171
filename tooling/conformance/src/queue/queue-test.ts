import type { Delivery, MessageQueue } from '@ipc/core'
import { test } from 'vitest'
import type { QueueFixture, QueueHarness, QueueSetup } from './queue-harness.js'

/** A test with a queue of its own, which is gone afterwards. */
export function queueTest(
  harness: QueueHarness,
  name: string,
  run: (fixture: QueueFixture) => Promise<void>,
  setup: QueueSetup = {},
): void {
  test(name, async () => {
    const fixture = await harness.open(setup)
    try {
      await run(fixture)
    } finally {
      await fixture.dispose()
    }
  })
}

/** The next message, which has to be there or to come. */
export async function take(queue: MessageQueue<unknown>, leaseMs?: number): Promise<Delivery<unknown>> {
  const delivery = await queue.receive({ leaseMs })
  if (delivery === undefined) throw new Error('receive gave nothing although it could wait')
  return delivery
}

/** The bodies of all messages that can be delivered now, acknowledged. */
export async function drain(queue: MessageQueue<unknown>): Promise<unknown[]> {
  const bodies: unknown[] = []
  for (;;) {
    const delivery = await queue.receive({ timeoutMs: 0 })
    if (delivery === undefined) return bodies
    bodies.push(delivery.body)
    await delivery.ack()
  }
}

/** Send bodies one after the other. */
export async function sendAll(queue: MessageQueue<unknown>, bodies: readonly unknown[]): Promise<void> {
  for (const body of bodies) await queue.send(body)
}

import { describe, expect } from 'vitest'
import { expectIpcError } from '../../check.js'
import type { QueueHarness } from '../queue-harness.js'
import { queueTest } from '../queue-test.js'

export function ableSuite(harness: QueueHarness): void {
  const able = harness.capabilities
  describe('capabilities', () => {
    queueTest(harness, 'are what the harness says, and plain JSON', async ({ queue }) => {
      expect(queue.capabilities).toEqual(able)
      expect(JSON.parse(JSON.stringify(queue.capabilities))).toEqual(able)
    })

    queueTest(harness, 'each receipt says how safe the message is', async ({ queue }) => {
      for (const durability of ['memory', 'os', 'disk'] as const) {
        const levels = ['memory', 'os', 'disk']
        const isOffered = able.durability.some(
          (offered) => levels.indexOf(offered) >= levels.indexOf(durability),
        )
        const sent = queue.send('x', { durability })
        if (!isOffered) await expectIpcError(sent, 'IPC_NOT_SUPPORTED')
        else
          expect(levels.indexOf((await sent).durability)).toBeGreaterThanOrEqual(levels.indexOf(durability))
      }
    })

    const absent = [
      [able.priorities, { priority: 1 }],
      [able.orderingKeys, { orderingKey: 'k' }],
      [able.delay, { delayMs: 1 }],
      [able.ttl, { ttlMs: 1000 }],
      [able.deduplication, { deduplicationId: 'x' }],
    ] as const
    for (const [isAble, options] of absent) {
      if (isAble) continue
      queueTest(harness, `${Object.keys(options)[0]} is refused`, async ({ queue }) => {
        await expectIpcError(queue.send('x', options), 'IPC_NOT_SUPPORTED')
      })
    }

    if (!able.transactions) {
      queueTest(harness, 'transaction is refused', async ({ queue }) => {
        await expectIpcError(
          queue.transaction(() => {}),
          'IPC_NOT_SUPPORTED',
        )
      })
    }
  })
}

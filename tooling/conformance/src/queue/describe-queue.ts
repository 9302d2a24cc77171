import { afterAll, describe } from 'vitest'
import type { QueueHarness } from './queue-harness.js'
import { ableSuite } from './suites/able.js'
import { consumingSuite } from './suites/consuming.js'
import { deadLettersSuite } from './suites/dead-letters.js'
import { endingSuite } from './suites/ending.js'
import { fullnessSuite } from './suites/fullness.js'
import { leasesSuite } from './suites/leases.js'
import { lookingSuite } from './suites/looking.js'
import { orderSuite } from './suites/order.js'
import { timesSuite } from './suites/times.js'
import { queueWaitsSuite } from './suites/waits.js'

/** The suites of queues. */
export const QUEUE_SUITES: Readonly<Record<string, (harness: QueueHarness) => void>> = {
  able: ableSuite,
  order: orderSuite,
  leases: leasesSuite,
  'dead letters': deadLettersSuite,
  fullness: fullnessSuite,
  waits: queueWaitsSuite,
  times: timesSuite,
  consuming: consumingSuite,
  looking: lookingSuite,
  ending: endingSuite,
}

/**
 * Define the tests that every queue passes, wherever its messages are kept: the executable specification of `MessageQueue`.
 * Call it at the top level of a test file.
 *
 * @example test/queue-conformance.test.ts
 * ```ts
 * describeQueue({
 *   name: 'mq (in process)',
 *   capabilities,
 *   async open(setup) {
 *     const broker = createBroker()
 *     const queue = await broker.queue('queue', { create: setup })
 *     return {
 *       queue,
 *       another: async () => ({ queue: await broker.queue('queue') }),
 *       sibling: (other) => broker.queue('sibling', { create: other }),
 *       dispose: () => broker.close(),
 *     }
 *   },
 * })
 * ```
 */
export function describeQueue(harness: QueueHarness): void {
  describe(`${harness.name}: queue conformance`, { timeout: harness.testTimeoutMs ?? 20_000 }, () => {
    afterAll(() => harness.dispose?.())
    for (const suite of Object.values(QUEUE_SUITES)) suite(harness)
  })
}

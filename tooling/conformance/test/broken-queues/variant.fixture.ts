import { describe } from 'vitest'
import { QUEUE_SUITES } from '../../src/queue/describe-queue.js'
import { referenceHarness } from '../reference-harness.js'
import { QUEUE_VARIANTS } from './variants.js'

for (const [name, { changes, suite }] of Object.entries(QUEUE_VARIANTS)) {
  // At the same time, because some of them only wait for their watchdog.
  describe.concurrent(name, () => QUEUE_SUITES[suite]?.(referenceHarness(name, changes)))
}

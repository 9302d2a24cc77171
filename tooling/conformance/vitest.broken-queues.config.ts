import { definePackage } from '@ipc/config/vitest'

/** Every faulty queue; test/broken-queues.test.ts reads what comes of them. */
export default definePackage('faulty queues', {
  include: ['test/broken-queues/variant.fixture.ts'],
  maxConcurrency: 1000,
  testTimeout: 2500,
})

import { definePackage } from '@ipc/config/vitest'

export default definePackage('@ipc/shm stress', {
  include: ['test/stress/**/*.stress.ts', 'test/torn-reads.test.ts', 'test/explore/*.test.ts'],
  env: { TORN_READS: '10000000', EXPLORE: 'deep' },
  testTimeout: 600_000,
})

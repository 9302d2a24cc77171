import { definePackage } from '@ipc/config/vitest'

const { SOAK_SECONDS = '60' } = process.env

export default definePackage('@ipc/shm stress', {
  include: [
    'test/stress/**/*.stress.ts',
    'test/stress/crash-soak.test.ts',
    'test/torn-reads.test.ts',
    'test/explore/*.test.ts',
  ],
  env: { TORN_READS: '10000000', EXPLORE: 'deep', SOAK_SECONDS },
  testTimeout: 600_000,
})

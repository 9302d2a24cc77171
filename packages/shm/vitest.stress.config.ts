import { definePackage } from '@ipc/config/vitest'

export default definePackage('@ipc/shm stress', {
  include: ['test/stress/**/*.stress.ts', 'test/torn-reads.test.ts'],
  env: { TORN_READS: '10000000' },
})

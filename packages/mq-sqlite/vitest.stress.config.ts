import { definePackage } from '@ipc/config/vitest'

export default definePackage('@ipc/mq-sqlite stress', {
  include: ['test/stress/**/*.stress.ts'],
  testTimeout: 1_800_000,
})

import { definePackage } from '@ipc/config/vitest'

const {
  KILL_ROUNDS = '500',
  EIGHT_MESSAGES = '1000000',
  CHURN_MESSAGES = '10000000',
  HANG_MS = '3000',
} = process.env

export default definePackage('@ipc/mq-sqlite stress', {
  include: [
    'test/stress/**/*.stress.ts',
    'test/kills.test.ts',
    'test/failing-disk.test.ts',
    'test/eight-processes.test.ts',
    'test/churn.test.ts',
  ],
  env: { KILL_ROUNDS, EIGHT_MESSAGES, HANG_MS, CHURN_MESSAGES, FAIL_AT: '1,2,3,4,5,7,10,15,25,50' },
  fileParallelism: false,
})

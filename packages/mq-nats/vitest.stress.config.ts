import { definePackage } from '@ipc/config/vitest'

export default definePackage('@ipc/mq-nats stress', { include: ['test/stress/**/*.stress.ts'] })

import { definePackage } from '@ipc/config/vitest'

export default definePackage('@ipc/mq stress', { include: ['test/stress/**/*.stress.ts'] })

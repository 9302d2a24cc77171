import { definePackage } from '@ipc/config/vitest'

export default definePackage('@ipc/shm stress', { include: ['test/stress/**/*.stress.ts'] })

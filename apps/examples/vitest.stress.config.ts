import { definePackage } from '@ipc/config/vitest'

export default definePackage('@ipc/examples stress', { include: ['test/stress/**/*.stress.ts'] })

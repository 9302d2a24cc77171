import { definePackage } from '@ipc/config/vitest'

export default definePackage('@ipc/net stress', { include: ['test/stress/**/*.stress.ts'] })

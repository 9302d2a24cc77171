import { definePackage } from '@ipc/config/vitest'

// Starting a program from its sources takes seconds on a busy machine.
export default definePackage('@ipc/mq-sqlite', { testTimeout: 30_000 }, { prefersBuilds: true })

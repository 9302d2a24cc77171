import { definePackage } from '@ipc/config/vitest'

export default definePackage('@ipc/examples', {
  globalSetup: ['test/global-setup.ts'],
  // Groups of programs that run at once: more of them make each slower, and time out for nothing.
  maxConcurrency: 2,
})

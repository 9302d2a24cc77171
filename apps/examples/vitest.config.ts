import { definePackage } from '@ipc/config/vitest'

export default definePackage('@ipc/examples', { globalSetup: ['test/global-setup.ts'] })

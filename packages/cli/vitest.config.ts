import { definePackage } from '@ipc/config/vitest'

export default definePackage('@ipc/cli', { globalSetup: ['test/global-setup.ts'] })

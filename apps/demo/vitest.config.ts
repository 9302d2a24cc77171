import { definePackage } from '@ipc/config/vitest'

export default definePackage('@ipc/demo', { globalSetup: ['test/global-setup.ts'] })

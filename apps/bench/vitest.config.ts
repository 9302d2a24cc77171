import { definePackage } from '@ipc/config/vitest'

export default definePackage('@ipc/bench', { globalSetup: ['test/global-setup.ts'] })

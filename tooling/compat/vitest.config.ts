import { definePackage } from '@ipc/config/vitest'

export default definePackage('@ipc/compat')

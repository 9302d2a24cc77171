import { definePackage } from '@ipc/config/vitest'

// A server that is started, killed and started again takes its time on a busy machine.
export default definePackage('@ipc/mq-nats', { testTimeout: 30_000 })

import { msgpack } from '@ipc/core'
import { describeTransport, memory } from '../src/index.js'
import { memoryHarness } from './memory-harness.js'

describeTransport(memoryHarness('memory'))

const codec = msgpack()
describeTransport(
  memoryHarness('memory, encoded', {
    options: (options) => ({ ...options, codec: options.codec ?? codec }),
    transport: () => memory({ codec }),
  }),
)

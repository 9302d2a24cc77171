import { msgpack } from '@ipc/core'
import { describeQueue, describeTransport, memory } from '../src/index.js'
import { memoryHarness } from './memory-harness.js'
import { referenceHarness } from './reference-harness.js'

describeTransport(memoryHarness('memory'))

describeQueue(referenceHarness('reference'))

const codec = msgpack()
describeTransport(
  memoryHarness('memory, encoded', {
    options: (options) => ({ ...options, codec: options.codec ?? codec }),
    transport: () => memory({ codec }),
  }),
)

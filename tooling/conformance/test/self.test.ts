import { describeTransport } from '../src/index.js'
import { memoryHarness } from './memory-harness.js'

describeTransport(memoryHarness('memory'))

import { describe, inject } from 'vitest'
import { SUITES } from '../../src/describe-transport.js'
import { memoryHarness } from '../memory-harness.js'
import { VARIANTS } from './variants.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** Which of the {@link VARIANTS} this run is about. */
    variant: string
  }
}

const name = inject('variant')
const { changes, suite } = VARIANTS[name]!

// At the same time, because most of them only wait for their watchdog.
describe.concurrent(name, () => SUITES[suite]?.(memoryHarness(name, changes)))

import { isNativeAccelerationEnabled } from 'msgpackr'
import { expect, test, vi } from 'vitest'

// msgpackr decodes strings by other code where its optional native add-on is missing, as in every browser.
vi.hoisted(() => {
  process.env.MSGPACKR_NATIVE_ACCELERATION_DISABLED = 'true'
})

test('the native add-on of msgpackr is off in this file', () => {
  expect(isNativeAccelerationEnabled).toBe(false)
})

await import('./msgpack.test.js')
await import('./codec-properties.test.js')

import { beforeAll, describe, expect, test } from 'vitest'
import { failuresOf, RUN_TIMEOUT_MS } from './broken/run-variants.js'
import { VARIANTS } from './broken/variants.js'

let failures: Awaited<ReturnType<typeof failuresOf>>

beforeAll(async () => {
  failures = await failuresOf('vitest.broken.config.ts')
}, RUN_TIMEOUT_MS)

describe('the suite', () => {
  test.each(Object.entries(VARIANTS))('fails a transport that %s', (name, { suite, test: wanted }) => {
    const failed = failures.get(name) ?? []
    const found = failed.filter((test) => test.startsWith(`${suite} > `) && test.includes(wanted))
    expect(found, `failing tests: ${failed.join('; ') || 'none'}`).not.toEqual([])
  })
})

import { beforeAll, describe, expect, test } from 'vitest'
import { failuresOf, RUN_TIMEOUT_MS } from './broken/run-variants.js'
import { QUEUE_VARIANTS } from './broken-queues/variants.js'

let failures: Awaited<ReturnType<typeof failuresOf>>

beforeAll(async () => {
  failures = await failuresOf('vitest.broken-queues.config.ts')
}, RUN_TIMEOUT_MS)

describe('the suite of queues', () => {
  test.each(Object.entries(QUEUE_VARIANTS))('fails a queue that %s', (name, { test: wanted }) => {
    const failed = failures.get(name) ?? []
    const found = failed.filter((test) => test.includes(wanted))
    expect(found, `failing tests: ${failed.join('; ') || 'none'}`).not.toEqual([])
  })
})

import { PerformanceObserver } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createRegion, mpscRing, type Ring, type RingOptions, spscRing } from '@ipc/shm'
import { expect, test } from 'vitest'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

const MESSAGES = 1_000_000
const BATCH = 100

type MakeRing = (region: ReturnType<typeof createRegion>, name: string, options: RingOptions) => Ring

/** Writes and reads records by claim and read; the loop allocates nothing itself. */
function exchange(ring: Ring): (messages: number) => number {
  const producer = ring.producer()
  const consumer = ring.consumer()
  const words = new Int32Array(producer.bytes.buffer, producer.bytes.byteOffset, producer.bytes.length >> 2)
  let sum = 0
  const listener = (_bytes: Uint8Array, start: number): void => {
    sum = (sum + (words[start >> 2] as number)) | 0
  }
  return (messages) => {
    sum = 0
    for (let sent = 0; sent < messages; ) {
      for (let i = 0; i < BATCH; i++, sent++) {
        const at = producer.tryClaim(64)
        words[at >> 2] = 1
        producer.commit()
      }
      consumer.read(listener)
    }
    return sum
  }
}

test.each([
  ['spscRing', spscRing],
  ['mpscRing', mpscRing],
] as [string, MakeRing][])('%s: claim, commit and read take no memory', async (name, make) => {
  const run = exchange(make(createRegion(2 ** 20), 'ring', { capacityBytes: 65_536 }))
  // What the engine allocates to compile comes on top of some runs, what a message takes would be in all.
  const least = { bytes: Number.POSITIVE_INFINITY, collections: 0 }
  for (let attempt = 0; attempt < 8; attempt++) {
    const taken = await memoryOf(() => expect(run(MESSAGES)).toBe(MESSAGES))
    if (taken.bytes < least.bytes) Object.assign(least, taken)
  }
  console.log(`${name}: ${(least.bytes / MESSAGES).toFixed(4)} bytes of heap per message`)
  expect(least.collections).toBe(0)
  // Kilobytes for the looks themselves; nothing that grows with the messages.
  expect(least.bytes / MESSAGES).toBeLessThan(0.1)
})

/** How much heap a function takes, and how often garbage was collected meanwhile. */
async function memoryOf(run: () => void): Promise<{ bytes: number; collections: number }> {
  let collections = 0
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length
  })
  gc()
  await new Promise((resolve) => setImmediate(resolve))
  observer.observe({ entryTypes: ['gc'] })
  const before = process.memoryUsage().heapUsed
  run()
  const bytes = process.memoryUsage().heapUsed - before
  await new Promise((resolve) => setImmediate(resolve))
  observer.disconnect()
  return { bytes, collections }
}

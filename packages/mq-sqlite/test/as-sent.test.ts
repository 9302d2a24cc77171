import { bytes, type MessageQueue } from '@ipc/core'
import { openQueue } from '@ipc/mq-sqlite'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TemporaryDirectory, temporaryDirectory } from './fixtures/temporary-directory.js'

let directory: TemporaryDirectory
let queue: MessageQueue<Uint8Array>
beforeAll(async () => {
  directory = temporaryDirectory()
  queue = await openQueue<Uint8Array>(directory.path, 'jobs', { codec: bytes(), durability: 'os' })
})
afterAll(async () => {
  await queue.close()
  directory[Symbol.dispose]()
})

const body = fc.uint8Array({ maxLength: 40 })
const options = fc.record({
  priority: fc.constantFrom(0, 1),
  headers: fc.constantFrom(undefined, { trace: 'a' }),
  orderingKey: fc.constantFrom(undefined, 'k'),
  ttlMs: fc.constantFrom(undefined, 1e9),
})
const special = fc.record({ body, options })
/** Runs of messages that have a body only, which are written together, between others. */
const runs = fc.array(
  fc.oneof(
    fc.array(fc.record({ body, options: fc.constant(undefined) }), { minLength: 10, maxLength: 50 }),
    fc.array(special, { maxLength: 3 }),
  ),
  { minLength: 1, maxLength: 8 },
)

test('messages of a batch are delivered as they were sent, whatever is beside them, and leave nothing', async () => {
  await fc.assert(
    fc.asyncProperty(runs, async (batches) => {
      const sent = batches.flat()
      const receipts = await queue.sendBatch(sent)
      const places = new Map(receipts.map(({ id }, place) => [id, place]))
      const plain: number[] = []
      while (places.size > 0) {
        for (const delivery of await queue.receiveBatch({ max: 500 })) {
          const place = places.get(delivery.id) as number
          const { body, options } = sent[place] as (typeof sent)[number]
          const { priority, headers = {}, orderingKey } = options ?? { priority: 0 }
          expect(delivery).toMatchObject({ body, priority, headers, attempt: 1 })
          places.delete(delivery.id)
          if (priority === 0 && orderingKey === undefined) plain.push(place)
          await delivery.ack()
        }
      }
      expect(plain).toEqual([...plain].sort((a, b) => a - b))
      expect(await queue.stats()).toMatchObject({ ready: 0, leased: 0, bytes: 0 })
    }),
    // What a failed run leaves would be in the way of others.
    { numRuns: 60, endOnFailure: true },
  )
})

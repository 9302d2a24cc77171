import { describe, expect } from 'vitest'
import { expectMisuse, expectSame, until } from '../../check.js'
import type { QueueHarness } from '../queue-harness.js'
import { drain, queueTest, sendAll, take } from '../queue-test.js'

export function orderSuite(harness: QueueHarness): void {
  const { capabilities } = harness
  describe('order', () => {
    queueTest(harness, 'messages come in the order of sending, each once', async ({ queue }) => {
      const numbers = Array.from({ length: 300 }, (_, i) => i)
      await Promise.all(numbers.map((n) => queue.send(n)))
      expect(await drain(queue)).toEqual(numbers)
    })

    queueTest(harness, 'bodies, ids, headers and times come as they were sent', async ({ queue }) => {
      const bodies = [
        undefined,
        null,
        '',
        0,
        { deep: [{ text: 'ü' }] },
        new Uint8Array([0, 255]),
        'x'.repeat(100_000),
      ]
      for (const body of bodies) {
        const before = Date.now()
        const { id, duplicate } = await queue.send(body, { headers: { trace: 'a-ü', empty: '' } })
        const delivery = await take(queue)
        expectSame(delivery.body, body)
        expect(delivery).toMatchObject({ id, attempt: 1, priority: 0, headers: { trace: 'a-ü', empty: '' } })
        expect(duplicate).toBe(false)
        expect(Math.abs(delivery.sentAt.getTime() - before)).toBeLessThan(60_000)
        await delivery.ack()
      }
    })

    queueTest(harness, 'a body may be changed once send has returned', async ({ queue }) => {
      const body = { n: 1, bytes: new Uint8Array([1]) }
      const sent = queue.send(body)
      body.n = 2
      body.bytes[0] = 2
      await sent
      expect((await take(queue)).body).toEqual({ n: 1, bytes: new Uint8Array([1]) })
    })

    queueTest(
      harness,
      'a message that comes back keeps its place, or comes before new ones',
      async ({ queue }) => {
        await sendAll(queue, ['a', 'b', 'c'])
        const a = await take(queue)
        const b = await take(queue)
        await b.nack()
        await a.nack()
        const seen = await drain(queue)
        expect(capabilities.redeliveryInPlace ? seen : [...seen.slice(0, 2).sort(), seen[2]]).toEqual([
          'a',
          'b',
          'c',
        ])
      },
    )

    queueTest(harness, 'every message goes to one receiver only', async ({ queue, another }) => {
      const other = (await another()).queue
      const seen: unknown[] = []
      const consumers = [queue, other].map((each) =>
        each.process(async ({ body }) => {
          seen.push(body)
          await Promise.resolve()
        }),
      )
      const numbers = Array.from({ length: 200 }, (_, i) => i)
      await queue.sendBatch(numbers.map((body) => ({ body })))
      await until(async () => {
        const { ready, leased } = await queue.stats()
        return ready + leased === 0
      })
      await Promise.all(consumers.map((consumer) => consumer.stop()))
      expect(seen.sort((a, b) => Number(a) - Number(b))).toEqual(numbers)
    })

    if (capabilities.priorities) prioritiesTests(harness)
    if (capabilities.orderingKeys) keysTests(harness)
  })
}

function prioritiesTests(harness: QueueHarness): void {
  queueTest(harness, 'the oldest of the highest priority comes first', async ({ queue }) => {
    const priorities = [0, 5, -3, 5, 0, 32_767, -32_768, 5, 0]
    for (const [at, priority] of priorities.entries()) await queue.send(at, { priority })
    expect(await drain(queue)).toEqual([5, 1, 3, 7, 0, 4, 8, 2, 6])
  })

  queueTest(harness, 'a message of a higher priority overtakes those that wait', async ({ queue }) => {
    await sendAll(queue, ['a', 'b'])
    await (await take(queue)).ack()
    await queue.send('now', { priority: 1 })
    const first = await take(queue)
    expect([first.body, first.priority]).toEqual(['now', 1])
    await first.nack()
    expect(await drain(queue)).toEqual(['now', 'b'])
  })

  for (const priority of [1.5, Number.NaN, 32_768, -32_769, '1' as unknown as number]) {
    queueTest(
      harness,
      `priority ${String(priority)} (${typeof priority}) is a RangeError`,
      async ({ queue }) => {
        await expectMisuse(() => queue.send('x', { priority }), RangeError)
        expect((await queue.stats()).ready).toBe(0)
      },
    )
  }
}

function keysTests(harness: QueueHarness): void {
  queueTest(harness, 'messages of one key are handled one at a time, in order', async ({ queue }) => {
    for (const body of ['a1', 'a2', 'b1', 'a3']) await queue.send(body, { orderingKey: body[0] })
    await queue.send('free')
    const a1 = await take(queue)
    const b1 = await take(queue)
    const free = await take(queue)
    expect([a1.body, b1.body, free.body]).toEqual(['a1', 'b1', 'free'])
    expect(a1.orderingKey).toBe('a')
    expect(await queue.receive({ timeoutMs: 0 })).toBeUndefined()
    await a1.ack()
    const a2 = await take(queue)
    expect(a2.body).toBe('a2')
    expect(await queue.receive({ timeoutMs: 0 })).toBeUndefined()
    await a2.ack()
    expect(await drain(queue)).toEqual(['a3'])
  })

  queueTest(
    harness,
    'a message of a key that fails is tried again before the next one',
    async ({ queue }) => {
      for (const body of ['a1', 'a2']) await queue.send(body, { orderingKey: 'a' })
      await (await take(queue)).nack({ delayMs: 30 })
      const again = await take(queue)
      expect([again.body, again.attempt]).toEqual(['a1', 2])
      await again.ack()
      expect(await drain(queue)).toEqual(['a2'])
    },
  )

  queueTest(harness, 'priority does not change the order within a key', async ({ queue }) => {
    await queue.send('a1', { orderingKey: 'a' })
    await queue.send('a2', { orderingKey: 'a', priority: 9 })
    await queue.send('b', { priority: 1 })
    expect(await drain(queue)).toEqual(['b', 'a1', 'a2'])
  })

  queueTest(harness, 'a dead letter lets the next message of its key go', async ({ queue }) => {
    for (const body of ['a1', 'a2']) await queue.send(body, { orderingKey: 'a' })
    await (await take(queue)).deadLetter('bad')
    expect(await drain(queue)).toEqual(['a2'])
  })
}

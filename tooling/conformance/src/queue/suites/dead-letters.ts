import { describe, expect } from 'vitest'
import { until } from '../../check.js'
import type { QueueHarness } from '../queue-harness.js'
import { drain, queueTest, sendAll, take } from '../queue-test.js'

export function deadLettersSuite(harness: QueueHarness): void {
  const { deadLetters, exactStates, priorities } = harness.capabilities
  if (!deadLetters) return
  describe('dead letters', () => {
    queueTest(
      harness,
      'after its last attempt a message is a dead letter',
      async ({ queue }) => {
        await queue.send('bad', { headers: { h: '1' }, ...(priorities ? { priority: 2 } : {}) })
        for (let attempt = 1; attempt <= 3; attempt++) {
          const delivery = await take(queue)
          expect(delivery.attempt).toBe(attempt)
          await delivery.nack()
        }
        expect(await queue.receive({ timeoutMs: 0 })).toBeUndefined()
        expect(await queue.stats()).toMatchObject({ ready: 0, leased: 0, dead: 1, bytes: 0 })
        const [letter] = await queue.deadLetters()
        expect(letter).toMatchObject({
          body: 'bad',
          attempt: 3,
          reason: 'max attempts',
          headers: { h: '1' },
          priority: priorities ? 2 : 0,
        })
        expect(letter?.deadAt).toBeInstanceOf(Date)
      },
      { maxAttempts: 3 },
    )

    queueTest(
      harness,
      'a lease that is over counts as an attempt',
      async ({ queue }) => {
        await queue.send('slow')
        await take(queue, 20)
        await take(queue, 20)
        await until(async () => (await queue.stats()).dead === 1)
        expect((await queue.deadLetters(5)).map(({ body, attempt }) => [body, attempt])).toEqual([
          ['slow', 2],
        ])
      },
      { maxAttempts: 2 },
    )

    queueTest(harness, 'deadLetter gives up with a reason', async ({ queue }) => {
      await sendAll(queue, ['a', 'b'])
      await (await take(queue)).deadLetter('no such customer')
      expect(await drain(queue)).toEqual(['b'])
      const [letter] = await queue.deadLetters()
      expect([letter?.body, letter?.reason, letter?.attempt]).toEqual(['a', 'no such customer', 1])
    })

    queueTest(harness, 'deadLetters shows the oldest first and takes nothing', async ({ queue }) => {
      await sendAll(queue, [1, 2, 3])
      for (let i = 0; i < 3; i++) await (await take(queue)).deadLetter('x')
      for (let i = 0; i < 2; i++) {
        expect((await queue.deadLetters(2)).map(({ body }) => body)).toEqual([1, 2])
      }
    })

    queueTest(harness, 'redrive puts dead letters back with all their attempts', async ({ queue }) => {
      await sendAll(queue, [1, 2, 3])
      for (let i = 0; i < 3; i++) await (await take(queue)).deadLetter('x')
      expect(await queue.redrive({ max: 2 })).toBe(2)
      const first = await take(queue)
      expect([first.body, first.attempt]).toEqual([1, 1])
      await first.ack()
      expect(await drain(queue)).toEqual([2])
      expect(await queue.redrive()).toBe(1)
      expect(await queue.redrive()).toBe(0)
      expect(await drain(queue)).toEqual([3])
    })

    queueTest(
      harness,
      'redrive puts nothing into a full queue',
      async ({ queue }) => {
        await sendAll(queue, [1, 2])
        for (let i = 0; i < 2; i++) await (await take(queue)).deadLetter('x')
        await queue.send('fresh')
        expect(await queue.redrive()).toBe(1)
        expect(await queue.stats()).toMatchObject({ ready: 2, dead: 1 })
        expect(await drain(queue)).toEqual(['fresh', 1])
      },
      { maxMessages: 2 },
    )

    queueTest(harness, 'purge removes dead letters only when asked to', async ({ queue }) => {
      await sendAll(queue, [1, 2, 3])
      await (await take(queue)).deadLetter('x')
      expect(await queue.purge()).toBe(2)
      expect((await queue.stats()).dead).toBe(1)
      expect(await queue.purge('dead')).toBe(1)
      expect((await queue.stats()).dead).toBe(0)
    })

    queueTest(
      harness,
      'the oldest dead letter goes for one too many, and is counted',
      async ({ queue }) => {
        await sendAll(queue, [1, 2, 3])
        for (let i = 0; i < 3; i++) await (await take(queue)).deadLetter('x')
        expect((await queue.deadLetters(9)).map(({ body }) => body)).toEqual([2, 3])
        expect(await queue.stats()).toMatchObject({ dead: 2, dropped: exactStates ? 1 : 0 })
      },
      { maxDeadLetters: 2 },
    )
  })
}

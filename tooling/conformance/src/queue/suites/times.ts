import { describe, expect } from 'vitest'
import { expectMisuse, until } from '../../check.js'
import type { QueueHarness } from '../queue-harness.js'
import { drain, queueTest, sendAll, take } from '../queue-test.js'

export function timesSuite(harness: QueueHarness): void {
  const { delay, ttl, deduplication, deadLetters } = harness.capabilities
  describe('times', () => {
    if (delay) delayTests(harness)
    if (ttl) {
      queueTest(harness, 'a message whose time is over is not delivered, and counted', async ({ queue }) => {
        await queue.send('old', { ttlMs: 20 })
        await queue.send('young')
        await until(async () => (await queue.stats()).expired === 1)
        expect(await drain(queue)).toEqual(['young'])
        expect(await queue.stats()).toMatchObject({ ready: 0, dead: 0, bytes: 0 })
      })

      queueTest(harness, 'a message does not expire while it is leased', async ({ queue }) => {
        await queue.send('a', { ttlMs: 40 })
        await queue.send('clock', { ttlMs: 60 })
        const held = await take(queue)
        await until(async () => (await queue.stats()).expired === 1)
        await held.ack()
        expect((await queue.stats()).expired).toBe(1)
      })
    }
    if (ttl && deadLetters) {
      queueTest(
        harness,
        'an expired message is a dead letter where that is wanted',
        async ({ queue }) => {
          await queue.send('old', { ttlMs: 20 })
          await until(async () => (await queue.stats()).dead === 1)
          const [letter] = await queue.deadLetters()
          expect([letter?.body, letter?.reason, letter?.attempt]).toEqual(['old', 'expired', 0])
          await queue.redrive()
          expect(await drain(queue)).toEqual(['old'])
        },
        { whenExpired: 'dead-letter' },
      )
    }
    if (deduplication) deduplicationTests(harness)
    for (const [name, ms] of [
      ['delayMs', -1],
      ['ttlMs', Number.NaN],
      ['delayMs', Number.POSITIVE_INFINITY],
    ] as const) {
      queueTest(harness, `${name} of ${ms} is a RangeError`, async ({ queue }) => {
        await expectMisuse(() => queue.send('x', { [name]: ms }), RangeError)
      })
    }
  })
}

function delayTests(harness: QueueHarness): void {
  queueTest(harness, 'a delayed message comes when it is due, not before', async ({ queue }) => {
    const start = performance.now()
    await queue.send('later', { delayMs: 250 })
    await queue.send('now')
    expect((await queue.stats()).delayed).toBe(1)
    expect(await drain(queue)).toEqual(['now'])
    expect((await take(queue)).body).toBe('later')
    expect(performance.now() - start).toBeGreaterThanOrEqual(249)
  })

  queueTest(harness, 'a delayed message has its place when it is due', async ({ queue }) => {
    await queue.send('first', { delayMs: 20 })
    await sendAll(queue, ['second', 'third'])
    await until(async () => (await queue.stats()).delayed === 0)
    expect(await drain(queue)).toEqual(['first', 'second', 'third'])
  })
}

function deduplicationTests(harness: QueueHarness): void {
  queueTest(
    harness,
    'a second message with the same deduplication id is not queued',
    async ({ queue, another }) => {
      const first = await queue.send('a', { deduplicationId: 'x' })
      const second = await (await another()).queue.send('b', { deduplicationId: 'x' })
      expect([first.duplicate, second.duplicate, second.id]).toEqual([false, true, first.id])
      expect(await drain(queue)).toEqual(['a'])
      // Also when the first one is gone.
      expect((await queue.send('c', { deduplicationId: 'x' })).duplicate).toBe(true)
      expect((await queue.send('d', { deduplicationId: 'y' })).duplicate).toBe(false)
      expect(await drain(queue)).toEqual(['d'])
    },
  )

  queueTest(harness, 'within a batch too', async ({ queue }) => {
    const receipts = await queue.sendBatch(
      ['x', 'y', 'x'].map((deduplicationId, body) => ({ body, options: { deduplicationId } })),
    )
    expect(receipts.map(({ duplicate }) => duplicate)).toEqual([false, false, true])
    expect(await drain(queue)).toEqual([0, 1])
  })

  queueTest(
    harness,
    'the window of deduplication ends',
    async ({ queue }) => {
      await queue.send('a', { deduplicationId: 'x' })
      await until(async () => !(await queue.send('again', { deduplicationId: 'x' })).duplicate)
      expect(await drain(queue)).toEqual(['a', 'again'])
    },
    { deduplicationWindowMs: 40 },
  )

  queueTest(
    harness,
    'a full queue still knows what it has',
    async ({ queue }) => {
      const first = await queue.send('a', { deduplicationId: 'x' })
      expect(await queue.send('a', { deduplicationId: 'x', timeoutMs: 1000 })).toMatchObject({
        id: first.id,
        duplicate: true,
      })
    },
    { maxMessages: 1 },
  )
}

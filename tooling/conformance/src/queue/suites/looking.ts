import { describe, expect } from 'vitest'
import { expectIpcError, expectMisuse } from '../../check.js'
import type { QueueHarness } from '../queue-harness.js'
import { drain, queueTest, sendAll, take } from '../queue-test.js'

export function lookingSuite(harness: QueueHarness): void {
  const { priorities, transactions, orderingKeys, exactStates } = harness.capabilities
  describe('peek, purge and counters', () => {
    queueTest(harness, 'peek shows the next messages and takes none', async ({ queue }) => {
      expect(await queue.peek()).toEqual([])
      await sendAll(queue, ['a', 'b', 'c'])
      if (priorities) await queue.send('urgent', { priority: 1 })
      const expected = priorities ? ['urgent', 'a', 'b', 'c'] : ['a', 'b', 'c']
      expect((await queue.peek(2)).map(({ body }) => body)).toEqual(expected.slice(0, 2))
      const [first] = await queue.peek()
      expect(first).toMatchObject({ body: expected[0], attempt: 1 })
      expect((await queue.peek(99)).map(({ body }) => body)).toEqual(expected)
      expect(await drain(queue)).toEqual(expected)
      await expectMisuse(() => queue.peek(0), RangeError)
    })

    queueTest(harness, 'peek keeps the order of those that came back', async ({ queue }) => {
      await sendAll(queue, [0, 1, 2, 3, 4, 5])
      const held = await queue.receiveBatch({ max: 4 })
      for (const at of [2, 0]) await held[at]!.nack()
      expect((await queue.peek(9)).map(({ body }) => body)).toEqual(exactStates ? [0, 2, 4, 5] : [4, 5])
    })

    queueTest(harness, 'purge removes what waits and leaves what is leased', async ({ queue }) => {
      await sendAll(queue, [1, 2, 3])
      const held = await take(queue)
      if (harness.capabilities.delay) await queue.send('later', { delayMs: 60_000 })
      expect(await queue.purge()).toBe(harness.capabilities.delay ? 3 : 2)
      expect(await queue.stats()).toMatchObject({ ready: 0, delayed: 0, leased: 1 })
      await held.nack()
      expect(await drain(queue)).toEqual([1])
    })

    queueTest(harness, 'stats tells where the messages are', async ({ queue }) => {
      await sendAll(queue, [1, 2, 3])
      await take(queue)
      await (await take(queue)).ack()
      expect(await queue.stats()).toMatchObject({
        ready: 1,
        delayed: 0,
        blocked: 0,
        leased: 1,
        dead: 0,
        dropped: 0,
        expired: 0,
      })
      if (!orderingKeys) return
      await queue.send('k1', { orderingKey: 'k' })
      await queue.send('k2', { orderingKey: 'k' })
      expect(await queue.stats()).toMatchObject({ ready: 2, blocked: 1 })
    })
  })

  if (transactions) transactionTests(harness)
}

function transactionTests(harness: QueueHarness): void {
  describe('transactions', () => {
    queueTest(harness, 'acknowledge and send in one step', async ({ queue, sibling }) => {
      const next = await sibling()
      await queue.send('in')
      const delivery = await take(queue)
      const receipts = await queue.transaction((tx) => {
        tx.ack(delivery)
        tx.send(next, 'out', { priority: 3 })
        tx.send(next, 'out too')
      })
      expect(receipts).toHaveLength(2)
      expect(await queue.stats()).toMatchObject({ ready: 0, leased: 0 })
      expect(await drain(next)).toEqual(['out', 'out too'])
      await expectIpcError(delivery.ack(), 'IPC_LEASE_LOST')
    })

    queueTest(harness, 'do nothing when a lease is over', async ({ queue, sibling }) => {
      const next = await sibling()
      await sendAll(queue, ['late', 'fine'])
      const late = await take(queue, 20)
      const fine = await take(queue)
      await take(queue)
      const check = queue.transaction((tx) => {
        tx.ack(fine)
        tx.ack(late)
        tx.send(next, 'out')
      })
      await expectIpcError(check, 'IPC_LEASE_LOST')
      expect((await next.stats()).ready).toBe(0)
      await fine.ack()
    })

    queueTest(harness, 'do nothing when a queue is full', async ({ queue, sibling }) => {
      const next = await sibling({ maxMessages: 1, whenFull: 'wait' })
      await next.send('there')
      await queue.send('in')
      const delivery = await take(queue)
      const check = queue.transaction((tx) => {
        tx.ack(delivery)
        tx.send(next, 'out')
      })
      await expectIpcError(check, 'IPC_QUEUE_FULL')
      await delivery.nack()
      expect(await drain(queue)).toEqual(['in'])
      expect(await drain(next)).toEqual(['there'])
    })

    queueTest(
      harness,
      'room that is made counts',
      async ({ queue }) => {
        await queue.send('in')
        const delivery = await take(queue)
        await queue.transaction((tx) => {
          tx.ack(delivery)
          tx.send(queue, 'out')
        })
        expect(await drain(queue)).toEqual(['out'])
      },
      { maxMessages: 1 },
    )

    queueTest(harness, 'give up with a reason', async ({ queue }) => {
      await queue.send('in')
      const delivery = await take(queue)
      await queue.transaction((tx) => tx.deadLetter(delivery, 'together'))
      expect((await queue.deadLetters())[0]?.reason).toBe('together')
      let late: (() => void) | undefined
      await queue.transaction((tx) => {
        late = () => tx.send(queue, 'x')
      })
      await expectMisuse(() => late?.(), TypeError)
    })
  })
}

import { describe, expect, test } from 'vitest'
import { expectIpcError, until } from '../../check.js'
import type { QueueHarness } from '../queue-harness.js'
import { drain, queueTest, sendAll, take } from '../queue-test.js'

export function endingSuite(harness: QueueHarness): void {
  describe('closing', () => {
    queueTest(
      harness,
      'settles everything that is pending with IPC_CLOSED',
      async ({ queue, another }) => {
        await sendAll(queue, [1, 2])
        await take(queue)
        await take(queue)
        const consuming = queue.consume()[Symbol.asyncIterator]().next()
        const consumer = queue.process(() => {})
        const pending = [
          queue.receive(),
          queue.receive({ timeoutMs: 1e9, signal: new AbortController().signal }),
          queue.receiveBatch({ max: 3 }),
          queue.send(3),
          queue.send(4, { timeoutMs: 1e9 }),
        ]
        const checks = pending.map((call) => expectIpcError(call, 'IPC_CLOSED'))
        await (await another()).queue.stats()
        await queue.close()
        await Promise.all(checks)
        expect((await consuming).done).toBe(true)
        await consumer.stopped
        const late = [
          queue.send(5),
          queue.receive({ timeoutMs: 0 }),
          queue.stats(),
          queue.peek(),
          queue.purge(),
        ]
        await Promise.all(late.map((call) => expectIpcError(call, 'IPC_CLOSED')))
        await queue.close()
        await queue[Symbol.asyncDispose]()
      },
      { maxMessages: 2 },
    )

    queueTest(
      harness,
      'what was sent and acknowledged before is through, what is leased goes back',
      async (fixture) => {
        const other = await fixture.another()
        await sendAll(fixture.queue, ['acked', 'held'])
        const acked = await take(other.queue)
        const held = await take(other.queue)
        const calls = [acked.ack(), other.queue.send('last')]
        await other.queue.close()
        await Promise.all(calls)
        expect(held.signal.aborted).toBe(true)
        await expectIpcError(held.ack(), 'IPC_LEASE_LOST')
        const again = await take(fixture.queue)
        expect([again.body, again.attempt]).toEqual(['held', 2])
        await again.ack()
        expect(await drain(fixture.queue)).toEqual(['last'])
      },
    )

    queueTest(harness, 'the queue and its messages outlive who sent them', async ({ queue, another }) => {
      const sender = await another()
      await sender.queue.sendBatch([{ body: 1 }, { body: 2 }])
      await sender.queue.close()
      expect(await drain(queue)).toEqual([1, 2])
    })

    queueTest(
      harness,
      'a client that dies gives back what it had at once; only what it had begun counts',
      async ({ queue, another }) => {
        const other = await another()
        if (other.kill === undefined) return
        await sendAll(queue, [0, 1, 2])
        const iterator = other.queue.consume({ prefetch: 3, leaseMs: 600_000 })[Symbol.asyncIterator]()
        const begun = (await iterator.next()).value
        await until(async () => (await queue.stats()).leased === 3)
        // Until it is known that it has begun.
        await other.queue.stats()
        const pending = other.queue.receive({ timeoutMs: 1e9 }).then(() => other.queue.receive())
        const failed = expect(pending).rejects.toMatchObject({ code: expect.stringMatching(GONE) })
        await other.kill()
        await failed
        expect(begun?.signal.aborted).toBe(true)
        await expect(other.queue.stats()).rejects.toMatchObject({ code: expect.stringMatching(GONE) })
        const seen: unknown[] = []
        for (let i = 0; i < 3; i++) {
          const { body, attempt } = await take(queue)
          seen.push([body, attempt])
        }
        expect(seen).toEqual([
          [0, 2],
          [1, 1],
          [2, 1],
        ])
      },
    )

    const { mortal } = harness
    if (mortal === undefined) return
    test('a host that dies settles everything that is pending with IPC_PEER_LOST', async () => {
      const { queue, kill } = await mortal()
      await queue.send('a')
      const held = await take(queue)
      const consumer = queue.process(() => {})
      const problems: unknown[] = []
      consumer.onError((error) => problems.push(error))
      const pending = [
        queue.receive(),
        queue.receive({ timeoutMs: 1e9, signal: new AbortController().signal }),
        queue.consume()[Symbol.asyncIterator]().next(),
      ]
      const checks = pending.map((call) => expectIpcError(call, 'IPC_PEER_LOST'))
      await queue.stats()
      await kill()
      await Promise.all(checks)
      await consumer.stopped
      expect(problems).toMatchObject([{ code: 'IPC_PEER_LOST' }])
      expect(held.signal.aborted).toBe(true)
      await expectIpcError(held.ack(), 'IPC_LEASE_LOST')
      await expectIpcError(queue.send('b'), 'IPC_PEER_LOST')
      await queue.close()
    })
  })
}

/** How calls of a client end that has been cut off, by its host or by itself. */
const GONE = /^IPC_(PEER_LOST|ABORTED)$/

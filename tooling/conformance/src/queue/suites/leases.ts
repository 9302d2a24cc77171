import { once } from 'node:events'
import { describe, expect } from 'vitest'
import { expectIpcError, expectMisuse } from '../../check.js'
import type { QueueHarness } from '../queue-harness.js'
import { drain, queueTest, sendAll, take } from '../queue-test.js'

export function leasesSuite(harness: QueueHarness): void {
  describe('leases', () => {
    queueTest(
      harness,
      'a leased message is delivered to nobody else until the lease is over',
      async (fixture) => {
        const { queue } = fixture
        const other = (await fixture.another()).queue
        await queue.send('a')
        const start = performance.now()
        const first = await take(queue, 80)
        expect(await other.receive({ timeoutMs: 0 })).toBeUndefined()
        const second = await take(other)
        // Timers of Node count in whole milliseconds.
        expect(performance.now() - start).toBeGreaterThanOrEqual(79)
        expect([second.body, second.id, second.attempt]).toEqual(['a', first.id, 2])
        await second.ack()
      },
    )

    queueTest(harness, 'a late ack is IPC_LEASE_LOST and changes nothing', async ({ queue, another }) => {
      const other = (await another()).queue
      await queue.send('a')
      const first = await take(queue, 20)
      const second = await take(other)
      await expectIpcError(first.ack(), 'IPC_LEASE_LOST')
      await expectIpcError(first.ack(), 'IPC_LEASE_LOST')
      await second.nack()
      expect(await drain(queue)).toEqual(['a'])
    })

    queueTest(harness, 'late nack, extend and deadLetter are IPC_LEASE_LOST', async ({ queue }) => {
      await sendAll(queue, ['a', 'b', 'c'])
      const late = [await take(queue, 20), await take(queue, 20), await take(queue, 20)]
      for (const _ of late) await take(queue)
      await expectIpcError(late[0]!.nack(), 'IPC_LEASE_LOST')
      await expectIpcError(late[1]!.extend(1000), 'IPC_LEASE_LOST')
      await expectIpcError(late[2]!.deadLetter('late'), 'IPC_LEASE_LOST')
      expect((await queue.stats()).leased).toBe(3)
    })

    queueTest(
      harness,
      'a late ack is refused when the same receiver has the message again',
      async ({ queue }) => {
        await queue.send('a')
        const first = await take(queue, 20)
        const again = await take(queue)
        await expectIpcError(first.ack(), 'IPC_LEASE_LOST')
        await again.ack()
        expect((await queue.stats()).leased).toBe(0)
      },
    )

    queueTest(
      harness,
      'the signal of a delivery aborts when its lease is over, not before',
      async ({ queue }) => {
        await sendAll(queue, ['a', 'b'])
        const kept = await take(queue)
        const lost = await take(queue, 30)
        expect([kept.signal.aborted, lost.signal.aborted]).toEqual([false, false])
        await once(lost.signal, 'abort')
        expect(kept.signal.aborted).toBe(false)
        await kept.ack()
        expect(kept.signal.aborted).toBe(false)
      },
    )

    queueTest(harness, 'extend keeps the lease', async ({ queue }) => {
      await sendAll(queue, ['kept', 'clock'])
      const kept = await take(queue, 40)
      await kept.extend(600_000)
      // Its lease ends after that of the other one would have.
      await take(queue, 40)
      expect((await take(queue)).body).toBe('clock')
      expect(kept.signal.aborted).toBe(false)
      await kept.ack()
    })

    queueTest(harness, 'extend may also shorten the lease', async ({ queue }) => {
      await queue.send('a')
      await (await take(queue, 600_000)).extend(20)
      expect((await take(queue)).attempt).toBe(2)
    })

    queueTest(harness, 'nack gives the message back at once, or after its delay', async ({ queue }) => {
      await queue.send('a')
      await (await take(queue)).nack()
      const second = await queue.receive({ timeoutMs: 0 })
      expect(second?.attempt).toBe(2)
      const start = performance.now()
      await second!.nack({ delayMs: 60 })
      expect(await queue.receive({ timeoutMs: 0 })).toBeUndefined()
      expect((await take(queue)).attempt).toBe(3)
      expect(performance.now() - start).toBeGreaterThanOrEqual(59)
    })

    queueTest(harness, 'a delivery is settled once', async ({ queue }) => {
      await queue.send('a')
      const delivery = await take(queue)
      await delivery.ack()
      await expectIpcError(delivery.ack(), 'IPC_LEASE_LOST')
      await expectIpcError(delivery.nack(), 'IPC_LEASE_LOST')
      await expectIpcError(delivery.extend(1), 'IPC_LEASE_LOST')
      expect(await queue.stats()).toMatchObject({ ready: 0, leased: 0 })
    })

    queueTest(
      harness,
      "the queue's lease holds where none is asked for",
      async ({ queue }) => {
        await queue.send('a')
        await take(queue)
        expect((await take(queue)).attempt).toBe(2)
      },
      { leaseMs: 30 },
    )

    queueTest(harness, 'wrong durations are a RangeError', async ({ queue }) => {
      await queue.send('a')
      for (const ms of [-1, Number.NaN, 0]) {
        await expectMisuse(() => queue.receive({ leaseMs: ms }), RangeError)
      }
      const delivery = await take(queue)
      for (const ms of [-1, Number.NaN]) {
        await expectMisuse(() => delivery.extend(ms), RangeError)
        await expectMisuse(() => delivery.nack({ delayMs: ms }), RangeError)
      }
      await delivery.ack()
    })
  })
}

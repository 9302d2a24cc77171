import { describe, expect } from 'vitest'
import { expectIpcError, expectMisuse, watch } from '../../check.js'
import type { QueueHarness } from '../queue-harness.js'
import { drain, queueTest, take } from '../queue-test.js'

export function queueWaitsSuite(harness: QueueHarness): void {
  const { startedAttempts } = harness.capabilities
  describe('waits', () => {
    queueTest(harness, 'receive waits for a message', async ({ queue, another }) => {
      const received = queue.receive()
      const state = watch(received)
      await queue.stats()
      expect(state.state).toBe('pending')
      await (await another()).queue.send('a')
      expect((await received)?.body).toBe('a')
    })

    queueTest(
      harness,
      'receive gives undefined after its time, not before, and takes nothing later',
      async (fixture) => {
        const { queue } = fixture
        const start = performance.now()
        expect(await queue.receive({ timeoutMs: 50 })).toBeUndefined()
        expect(performance.now() - start).toBeGreaterThanOrEqual(49)
        await queue.send('for the next one')
        expect(await drain(queue)).toEqual(['for the next one'])
      },
    )

    queueTest(harness, 'a timeout of 0 takes what is there, and else nothing', async ({ queue }) => {
      expect(await queue.receive({ timeoutMs: 0 })).toBeUndefined()
      await queue.send('a')
      expect((await queue.receive({ timeoutMs: 0 }))?.body).toBe('a')
    })

    for (const timeoutMs of [2 ** 31, Number.MAX_VALUE, Number.POSITIVE_INFINITY]) {
      queueTest(harness, `a timeout of ${timeoutMs} ms waits for the message`, async ({ queue }) => {
        const received = queue.receive({ timeoutMs })
        await queue.stats()
        await queue.send('worth it')
        expect((await received)?.body).toBe('worth it')
      })
    }

    for (const timeoutMs of [-1, Number.NaN, '5' as unknown as number]) {
      queueTest(
        harness,
        `a timeout of ${String(timeoutMs)} (${typeof timeoutMs}) is a RangeError`,
        async (fixture) => {
          const { queue } = fixture
          await queue.send('a')
          await expectMisuse(() => queue.receive({ timeoutMs }), RangeError)
          await expectMisuse(() => queue.send('b', { timeoutMs }), RangeError)
          expect(await drain(queue)).toEqual(['a'])
        },
      )
    }

    queueTest(
      harness,
      'waiting receivers are served first come, first served',
      async ({ queue, another }) => {
        const other = harness.severalHosts ? queue : (await another()).queue
        const order: unknown[] = []
        const receives: Promise<unknown>[] = []
        for (const [at, each] of [queue, other, queue, other].entries()) {
          receives.push(each.receive().then((delivery) => order.push([at, delivery?.body])))
          // It has reached the queue before the next one asks.
          await each.stats()
        }
        for (let n = 0; n < 4; n++) {
          await queue.send(n)
          await receives[n]
        }
        expect(order).toEqual([0, 1, 2, 3].map((n) => [n, n]))
      },
    )

    queueTest(harness, 'an aborted receive takes no message', async ({ queue }) => {
      await expectIpcError(queue.receive({ signal: AbortSignal.abort() }), 'IPC_ABORTED')
      const controller = new AbortController()
      const check = expectIpcError(
        queue.receive({ signal: controller.signal, timeoutMs: 1e9 }),
        'IPC_ABORTED',
      )
      await queue.stats()
      controller.abort()
      await check
      const { id } = await queue.send('a')
      const delivery = await take(queue)
      expect([delivery.id, startedAttempts ? delivery.attempt : 1]).toEqual([id, 1])
    })

    queueTest(
      harness,
      'a receive aborted at the moment of a send loses nothing and costs no attempt',
      async ({ queue }) => {
        for (let i = 0; i < 50; i++) {
          const controller = new AbortController()
          const received = queue.receive({ signal: controller.signal }).catch(() => undefined)
          const sent = queue.send(i)
          if (i % 3 === 0) await Promise.resolve()
          controller.abort()
          await sent
          const delivery = (await received) ?? (await take(queue))
          expect([delivery.body, startedAttempts ? delivery.attempt : 1]).toEqual([i, 1])
          await delivery.ack()
        }
      },
    )

    queueTest(harness, 'a signal that fires after the message came changes nothing', async ({ queue }) => {
      const controller = new AbortController()
      await queue.send('a')
      const delivery = await queue.receive({ signal: controller.signal, timeoutMs: 60_000 })
      controller.abort()
      expect(delivery?.signal.aborted).toBe(false)
      await delivery?.ack()
    })
  })
}

import type { Delivery } from '@ipc/core'
import { describe, expect } from 'vitest'
import { expectIpcError, expectMisuse, until } from '../../check.js'
import type { QueueHarness } from '../queue-harness.js'
import { drain, queueTest, take } from '../queue-test.js'

const numbers = (count: number): { body: number }[] => Array.from({ length: count }, (_, body) => ({ body }))

export function consumingSuite(harness: QueueHarness): void {
  describe('batches', () => {
    queueTest(harness, 'sendBatch gives a receipt for each message, in order', async ({ queue }) => {
      const receipts = await queue.sendBatch(numbers(100))
      expect(new Set(receipts.map(({ id }) => id)).size).toBe(100)
      const seen: [string, unknown][] = []
      for (let i = 0; i < 100; i++) {
        const { id, body } = await take(queue)
        seen.push([id, body])
      }
      expect(seen).toEqual(receipts.map(({ id }, body) => [id, body]))
      expect(await queue.sendBatch([])).toEqual([])
    })

    queueTest(
      harness,
      'receiveBatch takes what is there, up to max, and waits for the first',
      async ({ queue }) => {
        expect(await queue.receiveBatch({ max: 5, timeoutMs: 0 })).toEqual([])
        await queue.sendBatch(numbers(7))
        const bodies = async (): Promise<unknown[]> =>
          (await queue.receiveBatch({ max: 5 })).map(({ body }) => body)
        expect(await bodies()).toEqual([0, 1, 2, 3, 4])
        expect(await bodies()).toEqual([5, 6])
        const waiting = bodies()
        await queue.send('late')
        expect(await waiting).toEqual(['late'])
        await expectMisuse(() => queue.receiveBatch({ max: 0 }), RangeError)
      },
    )
  })

  describe('consume', () => {
    queueTest(harness, 'gives messages as they come, in order', async ({ queue, another }) => {
      const other = (await another()).queue
      const sending = (async () => {
        for (let body = 0; body < 200; body++) await other.send(body)
      })()
      const seen: unknown[] = []
      for await (const delivery of queue.consume({ prefetch: 7 })) {
        await delivery.ack()
        if (seen.push(delivery.body) === 200) break
      }
      await sending
      expect(seen).toEqual(numbers(200).map(({ body }) => body))
    })

    queueTest(
      harness,
      'what was fetched and not handled goes back when the loop is left, at no cost',
      async (fixture) => {
        const { queue } = fixture
        await queue.sendBatch(numbers(20))
        for await (const delivery of queue.consume({ prefetch: 10 })) {
          await delivery.ack()
          break
        }
        const deliveries = await until19(queue)
        expect(deliveries.map(({ body }) => body)).toEqual(
          numbers(20)
            .slice(1)
            .map(({ body }) => body),
        )
        expect(deliveries.every(({ attempt }) => attempt === 1)).toBe(true)
      },
    )

    queueTest(harness, 'fetches no more than prefetch ahead', async ({ queue }) => {
      await queue.sendBatch(numbers(50))
      const iterator = queue.consume({ prefetch: 8 })[Symbol.asyncIterator]()
      const first = await iterator.next()
      // Long enough for one that fetches more to show it.
      for (let i = 0; i < 20; i++) await queue.stats()
      const { leased } = await queue.stats()
      expect(leased).toBeLessThanOrEqual(9)
      await first.value?.ack()
      await iterator.return?.()
    })

    queueTest(
      harness,
      'a consumer that handles nothing keeps no more than its prefetch from the others',
      async ({ queue, another }) => {
        const idle = (await another()).queue.consume({ prefetch: 4 })[Symbol.asyncIterator]()
        const first = idle.next()
        await queue.stats()
        await queue.sendBatch(numbers(40))
        await first
        let handled = 0
        const consumer = queue.process(() => {
          handled++
        })
        await until(async () => handled >= 35 && (await queue.stats()).ready === 0)
        await consumer.stop()
        expect((await queue.stats()).leased).toBeLessThanOrEqual(5)
        await idle.return?.()
      },
    )

    queueTest(harness, 'ends with IPC_ABORTED when its signal fires', async ({ queue }) => {
      const controller = new AbortController()
      const next = queue.consume({ signal: controller.signal })[Symbol.asyncIterator]().next()
      const check = expectIpcError(next, 'IPC_ABORTED')
      await queue.stats()
      controller.abort()
      await check
    })

    queueTest(harness, 'a prefetch that is no count is a RangeError', async ({ queue }) => {
      for (const prefetch of [0, 1.5, -1]) await expectMisuse(() => queue.consume({ prefetch }), RangeError)
    })
  })

  processTests(harness)
}

async function until19(queue: Parameters<typeof take>[0]): Promise<Delivery<unknown>[]> {
  await until(async () => (await queue.stats()).ready === 19)
  return queue.receiveBatch({ max: 30 })
}

function processTests(harness: QueueHarness): void {
  describe('process', () => {
    queueTest(harness, 'acknowledges what the handler returns from', async ({ queue }) => {
      await queue.sendBatch(numbers(300))
      const seen: unknown[] = []
      const consumer = queue.process(({ body }) => {
        seen.push(body)
      })
      await until(async () => seen.length === 300 && (await queue.stats()).leased === 0)
      await consumer.stop()
      expect(seen).toEqual(numbers(300).map(({ body }) => body))
      expect(await queue.stats()).toMatchObject({ ready: 0, leased: 0 })
    })

    queueTest(
      harness,
      'what the handler throws is told, and the message comes again until it is handled',
      async ({ queue }) => {
        await queue.send('fails twice')
        const failures: unknown[] = []
        await new Promise<void>((resolve) => {
          const consumer = queue.process(({ attempt }) => {
            if (attempt < 3) throw new Error(`attempt ${attempt}`)
            resolve()
          })
          consumer.onError((error, delivery) => failures.push([(error as Error).message, delivery?.body]))
        })
        expect(failures).toEqual([
          ['attempt 1', 'fails twice'],
          ['attempt 2', 'fails twice'],
        ])
        await until(async () => (await queue.stats()).leased === 0)
      },
      { backoff: { firstMs: 5 } },
    )

    queueTest(
      harness,
      'a message whose handler threw waits for its backoff',
      async ({ queue }) => {
        await queue.sendBatch(numbers(2))
        let handled = 0
        const consumer = queue.process(() => {
          if (++handled === 1) throw new Error('not now')
        })
        await until(async () => (await queue.stats()).delayed === 1)
        await until(() => handled === 2)
        await consumer.stop()
        expect(await queue.stats()).toMatchObject({ ready: 0, delayed: 1, leased: 0 })
      },
      { backoff: { firstMs: 600_000, maxMs: 600_000 } },
    )

    queueTest(harness, 'runs as many handlers at once as it may', async ({ queue }) => {
      await queue.sendBatch(numbers(6))
      const held: (() => void)[] = []
      const consumer = queue.process(() => new Promise<void>((resolve) => held.push(resolve)), {
        concurrency: 2,
      })
      for (let done = 0; done < 6; done += 2) {
        await until(() => held.length === done + 2)
        await queue.stats()
        expect(held.length).toBe(done + 2)
        for (const release of held.slice(done)) release()
      }
      await consumer.stop()
      expect(await queue.stats()).toMatchObject({ ready: 0, leased: 0 })
    })

    queueTest(harness, 'stop waits for the running handler, and gives the rest back', async ({ queue }) => {
      await queue.sendBatch(numbers(5))
      let release = (): void => {}
      const handled: unknown[] = []
      const consumer = queue.process(async ({ body }) => {
        handled.push(body)
        await new Promise<void>((resolve) => {
          release = resolve
        })
      })
      await until(() => handled.length === 1)
      const stopped = consumer.stop()
      release()
      await stopped
      await consumer.stopped
      expect(handled).toEqual([0])
      expect(await drain(queue)).toEqual([1, 2, 3, 4])
    })

    queueTest(
      harness,
      'keeps a message for as long as its handler runs, whatever the lease',
      async ({ queue, another, sibling }) => {
        const other = (await another()).queue
        const clock = await sibling({ leaseMs: 60 })
        await queue.send('long')
        let finish = (): void => {}
        let isLost = false
        const handling = new Promise<void>((begun) => {
          queue.process((delivery) => {
            delivery.signal.addEventListener('abort', () => {
              isLost = true
            })
            begun()
            return new Promise<void>((resolve) => {
              finish = resolve
            })
          })
        })
        await handling
        // Twice its lease passes.
        await clock.send('tick')
        await take(clock)
        await (await take(clock)).ack()
        expect(await other.receive({ timeoutMs: 0 })).toBeUndefined()
        finish()
        await until(async () => (await other.stats()).leased === 0)
        expect(await other.stats()).toMatchObject({ ready: 0, leased: 0, dead: 0 })
        expect(isLost).toBe(false)
      },
      { leaseMs: 30 },
    )

    queueTest(
      harness,
      'a handler that takes longer than maxRunMs loses its message',
      async ({ queue }) => {
        await queue.send('hangs')
        const attempts: number[] = []
        let aborts = 0
        const handler = ({ attempt, signal }: Delivery<unknown>): Promise<void> | void => {
          attempts.push(attempt)
          if (attempt > 1) return
          return new Promise((finish) => {
            signal.addEventListener('abort', () => {
              aborts++
              finish()
            })
          })
        }
        const consumer = queue.process(handler, { maxRunMs: 40, concurrency: 2 })
        await until(async () => attempts.length === 2 && (await queue.stats()).leased === 0)
        await consumer.stop()
        expect([attempts, aborts]).toEqual([[1, 2], 1])
        expect(await drain(queue)).toEqual([])
        for (const maxRunMs of [0, -1, Number.NaN]) {
          await expectMisuse(() => queue.process(() => {}, { maxRunMs }), RangeError)
        }
      },
      { leaseMs: 600_000 },
    )

    queueTest(harness, 'leaves a delivery alone that the handler has settled', async ({ queue }) => {
      await queue.sendBatch(numbers(2))
      const consumer = queue.process(async (delivery) => {
        if (delivery.body === 0) await delivery.deadLetter('mine')
        else await delivery.ack()
      })
      const problems: unknown[] = []
      consumer.onError((error) => problems.push(error))
      await until(async () => (await queue.stats()).leased + (await queue.stats()).ready === 0)
      await consumer.stop()
      expect((await queue.stats()).dead).toBe(1)
      expect(problems).toEqual([])
    })
  })
}

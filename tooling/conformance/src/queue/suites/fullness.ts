import { describe, expect } from 'vitest'
import { expectIpcError, watch } from '../../check.js'
import type { QueueHarness } from '../queue-harness.js'
import { drain, queueTest, sendAll, take } from '../queue-test.js'

export function fullnessSuite(harness: QueueHarness): void {
  const { exactStates, transactions } = harness.capabilities
  describe('fullness', () => {
    const waits = { maxMessages: 2, whenFull: 'wait' } as const
    queueTest(
      harness,
      'a full queue makes the sender wait until one message is gone',
      async ({ queue }) => {
        await sendAll(queue, [1, 2])
        const sent = queue.send(3)
        const state = watch(sent)
        const first = await take(queue)
        await queue.stats()
        // Leased is not gone.
        expect(state.state).toBe('pending')
        await first.ack()
        expect((await sent).duplicate).toBe(false)
        expect(await drain(queue)).toEqual([2, 3])
      },
      waits,
    )

    queueTest(
      harness,
      'waiting senders are let in in their order',
      async ({ queue, another }) => {
        const other = (await another()).queue
        await sendAll(queue, [1, 2])
        const sends = [queue.send(3), queue.sendBatch([{ body: 4 }, { body: 5 }]), queue.send(6)]
        await queue.stats()
        const seen: unknown[] = []
        for (let i = 0; i < 6; i++) {
          const delivery = await take(other)
          seen.push(delivery.body)
          await delivery.ack()
        }
        await Promise.all(sends)
        expect(seen).toEqual([1, 2, 3, 4, 5, 6])
      },
      waits,
    )

    queueTest(
      harness,
      'a send that times out has queued nothing',
      async ({ queue }) => {
        await sendAll(queue, [1, 2])
        const start = performance.now()
        await expectIpcError(queue.send(3, { timeoutMs: 50 }), 'IPC_TIMEOUT')
        expect(performance.now() - start).toBeGreaterThanOrEqual(49)
        await expectIpcError(queue.send(4, { timeoutMs: 0 }), 'IPC_TIMEOUT')
        expect(await drain(queue)).toEqual([1, 2])
        expect((await queue.stats()).ready).toBe(0)
      },
      waits,
    )

    queueTest(
      harness,
      'a timeout of 0 sends where there is room',
      async ({ queue }) => {
        await queue.send(1, { timeoutMs: 0 })
        expect(await drain(queue)).toEqual([1])
      },
      waits,
    )

    queueTest(
      harness,
      'an aborted send has queued nothing',
      async ({ queue }) => {
        await sendAll(queue, [1, 2])
        const controller = new AbortController()
        const sent = queue.send(3, { signal: controller.signal })
        const check = expectIpcError(sent, 'IPC_ABORTED')
        await queue.stats()
        controller.abort()
        await check
        await expectIpcError(queue.send(4, { signal: AbortSignal.abort() }), 'IPC_ABORTED')
        expect(await drain(queue)).toEqual([1, 2])
        expect((await queue.stats()).ready).toBe(0)
      },
      waits,
    )

    queueTest(
      harness,
      'a queue that refuses throws IPC_QUEUE_FULL and is unchanged',
      async ({ queue }) => {
        await sendAll(queue, [1, 2])
        await expectIpcError(queue.send(3), 'IPC_QUEUE_FULL')
        expect(await drain(queue)).toEqual([1, 2])
        await queue.send(4)
        const refused = await expectIpcError(queue.sendBatch([{ body: 5 }, { body: 6 }]), 'IPC_QUEUE_FULL')
        expect(await drain(queue)).toEqual(transactions ? [4] : [4, 5])
        if (!transactions) expect(refused).toMatchObject({ details: { queued: 1 } })
      },
      { maxMessages: 2, whenFull: 'reject' },
    )

    queueTest(
      harness,
      'a queue that drops keeps the latest, and counts',
      async ({ queue }) => {
        await sendAll(queue, [1, 2, 3, 4])
        expect(await drain(queue)).toEqual([3, 4])
        if (!exactStates) return
        expect((await queue.stats()).dropped).toBe(2)
        await sendAll(queue, [5, 6])
        const held = await take(queue)
        await queue.send(7)
        await held.nack()
        // What is leased is not dropped.
        expect(await drain(queue)).toEqual([5, 7])
      },
      { maxMessages: 2, whenFull: 'drop-oldest' },
    )

    queueTest(
      harness,
      'bytes fill a queue as well as messages do',
      async ({ queue }) => {
        await queue.send(new Uint8Array(800))
        await expectIpcError(queue.send(new Uint8Array(800)), 'IPC_QUEUE_FULL')
        await queue.send('small')
        expect((await queue.stats()).bytes).toBeGreaterThan(800)
        await drain(queue)
        expect((await queue.stats()).bytes).toBe(0)
      },
      { maxBytes: 1000, whenFull: 'reject' },
    )

    queueTest(
      harness,
      'a message that never fits is IPC_MESSAGE_TOO_LARGE',
      async ({ queue }) => {
        await expectIpcError(queue.send(new Uint8Array(2000)), 'IPC_MESSAGE_TOO_LARGE')
        await queue.send('small')
        expect(await drain(queue)).toEqual(['small'])
      },
      { maxBytes: 1000, whenFull: 'wait' },
    )
  })
}

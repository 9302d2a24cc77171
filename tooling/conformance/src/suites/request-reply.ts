import { isIpcError, request, serve } from '@ipc/core'
import { describe, expect } from 'vitest'
import { expectIpcError, expectMisuse, expectSame, until } from '../check.js'
import { type PairHarness, pairTest } from '../pair-test.js'

export function requestReplySuite(harness: PairHarness): void {
  describe('request and reply', () => {
    pairTest(harness, 'a request gets its reply', async ({ local, remote }) => {
      await remote.serve()
      expect(await request(local, { reply: { sum: 3 } })).toEqual({ sum: 3 })
    })

    pairTest(harness, 'many requests at once each get their own reply', async ({ local, remote }) => {
      await remote.serve()
      const numbers = Array.from({ length: 500 }, (_, n) => n)
      expect(await Promise.all(numbers.map((n) => request(local, { reply: n })))).toEqual(numbers)
    })

    pairTest(harness, 'replies may come out of order', async ({ local, remote }) => {
      await remote.serve()
      const first = request(local, { gate: 'first' })
      expect(await request(local, { reply: 'second' })).toBe('second')
      await remote.release('first', 'first')
      expect(await first).toBe('first')
    })

    pairTest(harness, 'both sides ask each other at the same time', async ({ local, remote }) => {
      await remote.serve()
      serve(local, (body) => ({ echoed: body }))
      const [here, there] = await Promise.all([
        Promise.all([1, 2, 3].map((n) => request(local, { reply: n }))),
        Promise.all([1, 2, 3].map((n) => remote.request(n))),
      ])
      expect(here).toEqual([1, 2, 3])
      expect(there).toEqual([{ echoed: 1 }, { echoed: 2 }, { echoed: 3 }])
    })

    pairTest(
      harness,
      'a request times out and the deadline reaches the handler',
      async ({ local, remote }) => {
        await remote.serve()
        await expectIpcError(request(local, { hang: true }, { timeoutMs: 30 }), 'IPC_TIMEOUT')
        await until(async () => (await remote.served()).cancelled.length === 1)
        // By its own clock or by the caller's word, whichever is first.
        expect(['IPC_TIMEOUT', 'IPC_ABORTED']).toContain((await remote.served()).cancelled[0])
        expect(await request(local, { reply: 'lives' })).toBe('lives')
      },
    )

    pairTest(harness, "cancellation reaches the handler's signal", async ({ local, remote }) => {
      await remote.serve()
      const controller = new AbortController()
      const check = expectIpcError(
        request(local, { hang: true }, { signal: controller.signal }),
        'IPC_ABORTED',
      )
      await until(async () => (await remote.served()).started === 1)
      controller.abort(new Error('not needed'))
      expect((await check).cause).toEqual(new Error('not needed'))
      await until(async () => (await remote.served()).cancelled.length === 1)
      expect((await remote.served()).cancelled).toEqual(['IPC_ABORTED'])
      expect(await request(local, { reply: 'lives' })).toBe('lives')
    })

    pairTest(harness, 'an already aborted signal sends nothing', async ({ local, remote }) => {
      await remote.serve()
      await expectIpcError(request(local, { reply: 1 }, { signal: AbortSignal.abort() }), 'IPC_ABORTED')
      expect(local.stats().messagesSent).toBe(0)
      await expectMisuse(() => request(local, { reply: 1 }, { timeoutMs: -1 }), RangeError)
      expect(local.stats().messagesSent).toBe(0)
    })

    pairTest(
      harness,
      'a handler that throws is IPC_REMOTE_FAILED with its message',
      async ({ local, remote }) => {
        await remote.serve()
        const error = await expectIpcError(request(local, { fail: 'no such flight' }), 'IPC_REMOTE_FAILED')
        expect(error.message).toContain('no such flight')
        expect(await request(local, { reply: 'lives' })).toBe('lives')
      },
    )

    pairTest(harness, 'the code and details of an IpcError survive the way', async ({ local, remote }) => {
      await remote.serve()
      const error = await expectIpcError(request(local, { failCode: 'IPC_LEASE_LOST' }), 'IPC_LEASE_LOST')
      expect(isIpcError(error) && error.details).toEqual({ asked: true })
    })

    pairTest(
      harness,
      'a reply that cannot be sent fails the request',
      async ({ local, remote }) => {
        serve(local, () => new Uint8Array(100_000))
        await expectIpcError(remote.request('big'), 'IPC_MESSAGE_TOO_LARGE')
        expect(local.status).toBe('open')
      },
      { local: { maxMessageBytes: 50_000 } },
    )

    pairTest(
      harness,
      "the application's own messages pass beside requests, in order",
      async ({ local, remote }) => {
        await remote.serve()
        local.send('before')
        const reply = request(local, { gate: 'g' })
        local.send('between')
        expect(await remote.receive(2)).toEqual(['before', 'between'])
        await remote.send(['to you'])
        await remote.release('g', 'done')
        expect(await local.receive()).toBe('to you')
        expect(await reply).toBe('done')
        expect(local.tryReceive()).toBeUndefined()
      },
    )

    pairTest(
      harness,
      'requests that came before serve was called are answered',
      async ({ local, remote }) => {
        const reply = request(local, { reply: 'late' })
        await until(async () => (await remote.stats()).unreadMessages === 1)
        await remote.serve()
        expect(await reply).toBe('late')
        expect((await remote.stats()).unreadMessages).toBe(0)
      },
    )

    pairTest(
      harness,
      'a close by either side settles pending requests with IPC_CLOSED',
      async ({ local, remote }) => {
        await remote.serve()
        const check = expectIpcError(request(local, { hang: true }), 'IPC_CLOSED')
        await until(async () => (await remote.served()).started === 1)
        await remote.close()
        await check
        await until(async () => (await remote.served()).cancelled.length === 1)
        await expectIpcError(request(local, { reply: 1 }), 'IPC_CLOSED')
      },
    )

    pairTest(harness, 'an abort settles pending requests with IPC_ABORTED', async ({ local, remote }) => {
      await remote.serve()
      const check = expectIpcError(request(local, { hang: true }), 'IPC_ABORTED')
      await until(async () => (await remote.served()).started === 1)
      local.abort()
      await check
      await until(async () => (await remote.served()).cancelled.length === 1)
      await expectIpcError(request(local, { reply: 1 }), 'IPC_ABORTED')
    })

    pairTest(
      harness,
      'requests and replies beyond all buffers wait for room, none fails',
      async ({ local, remote }) => {
        await remote.serve()
        const bodies = Array.from({ length: 60 }, (_, n) => new Uint8Array(4000).fill(n))
        const replies = await Promise.all(bodies.map((body) => request(local, { reply: body })))
        expectSame(replies, bodies)
      },
      {
        local: { highWaterMarkBytes: 16_384, maxBufferedBytes: 65_536 },
        remote: { highWaterMarkBytes: 16_384, maxBufferedBytes: 65_536 },
      },
    )
  })
}

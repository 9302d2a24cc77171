import { describe, expect } from 'vitest'
import { expectIpcError, fillUntilStuck, until } from '../check.js'
import { type PairHarness, pairTest } from '../pair-test.js'

export function abortSuite(harness: PairHarness): void {
  describe('abort', () => {
    pairTest(
      harness,
      "a receive aborted by its signal rejects IPC_ABORTED with the signal's reason as cause",
      async (pair) => {
        const { local, remote } = pair
        const controller = new AbortController()
        const received = local.receive({ signal: controller.signal })
        const reason = new Error('changed my mind')
        controller.abort(reason)
        const error = await expectIpcError(received, 'IPC_ABORTED')
        expect(error.cause).toBe(reason)
        expect(error.name).toBe('AbortError')
        await remote.send(['for the next one'])
        expect(await local.receive()).toBe('for the next one')
      },
    )

    pairTest(
      harness,
      'an already aborted signal rejects at once and takes no message',
      async ({ local, remote }) => {
        await remote.send(['stays'])
        await until(() => local.stats().unreadMessages === 1)
        const signal = AbortSignal.abort('no')
        await expectIpcError(local.receive({ signal }), 'IPC_ABORTED')
        await expectIpcError(local.drained({ signal }), 'IPC_ABORTED')
        expect(local.stats().unreadMessages).toBe(1)
        expect(await local.receive()).toBe('stays')
      },
    )

    pairTest(
      harness,
      'one of several pending receives aborted leaves the others in order',
      async ({ local, remote }) => {
        const controller = new AbortController()
        const first = local.receive()
        const second = local.receive({ signal: controller.signal })
        const third = local.receive()
        controller.abort()
        await expectIpcError(second, 'IPC_ABORTED')
        await remote.send([1, 2])
        expect(await Promise.all([first, third])).toEqual([1, 2])
      },
    )

    pairTest(harness, 'abort settles everything pending with IPC_ABORTED', async ({ local }) => {
      const pending = [local.receive(), local.receive(), local.close()]
      const checks = pending.map((promise) => expectIpcError(promise, 'IPC_ABORTED'))
      const reason = new Error('enough')
      local.abort(reason)
      for (const { cause } of await Promise.all(checks)) expect(cause).toBe(reason)
      await expectIpcError(local.receive(), 'IPC_ABORTED')
      await expectIpcError(() => local.send('late'), 'IPC_ABORTED')
      await expectIpcError(local.drained(), 'IPC_ABORTED')
    })

    pairTest(harness, 'abort is done when it returns and closed says so', async ({ local }) => {
      local.abort(new Error('enough'))
      expect(local.status).toBe('closed')
      const { by, code, error } = await local.closed
      expect({ by, code }).toEqual({ by: 'local', code: 'IPC_ABORTED' })
      expect(error?.cause).toEqual(new Error('enough'))
    })

    pairTest(harness, 'the peer learns of an abort', async ({ local, remote }) => {
      const check = expectIpcError(remote.receive(1), 'IPC_ABORTED')
      local.abort()
      await check
      expect(await remote.closed()).toMatchObject({ by: 'remote', code: 'IPC_ABORTED' })
      expect(await remote.status()).toBe('closed')
    })

    pairTest(harness, 'an abort by the peer settles what is pending here', async ({ local, remote }) => {
      const check = expectIpcError(local.receive(), 'IPC_ABORTED')
      await remote.abort('over there')
      await check
      expect(await local.closed).toMatchObject({ by: 'remote', code: 'IPC_ABORTED' })
      await expectIpcError(() => local.send('late'), 'IPC_ABORTED')
    })

    pairTest(
      harness,
      'messages that arrived before the peer aborted can still be read',
      async ({ local, remote }) => {
        await remote.send(['one', 'two'])
        await until(() => local.stats().unreadMessages === 2)
        await remote.abort()
        await local.closed
        expect(await local.receive()).toBe('one')
        expect(local.tryReceive()).toBe('two')
        await expectIpcError(local.receive(), 'IPC_ABORTED')
        expect(local.tryReceive()).toBeUndefined()
      },
    )

    pairTest(harness, 'abort here throws unread messages away and counts them', async ({ local, remote }) => {
      await remote.send(['one', 'two'])
      await until(() => local.stats().unreadMessages === 2)
      local.abort()
      expect((await local.closed).discarded.messages).toBe(2)
      expect(local.tryReceive()).toBeUndefined()
    })

    pairTest(
      harness,
      'abort with messages not yet sent counts them as unsent, or under way',
      async ({ local }) => {
        await expectIpcError(() => {
          for (let i = 0; i < 100_000; i++) local.send(new Uint8Array(1000))
        }, 'IPC_QUEUE_FULL')
        const { bufferedMessages, bufferedBytes } = local.stats()
        local.abort()
        expect(bufferedMessages).toBeGreaterThan(0)
        const { unsent, unknown } = await local.closed
        expect(unsent.messages + unknown.messages).toBe(bufferedMessages)
        expect(unsent.bytes + unknown.bytes).toBe(bufferedBytes)
      },
      { local: { highWaterMarkBytes: 16_384, maxBufferedBytes: 65_536 } },
    )

    pairTest(
      harness,
      'close aborted by its signal rejects and aborts the connection',
      async ({ local, remote }) => {
        await fillUntilStuck(local)
        const controller = new AbortController()
        const check = expectIpcError(local.close({ signal: controller.signal }), 'IPC_ABORTED')
        await remote.status()
        expect(local.status).toBe('closing')
        controller.abort(new Error('too slow'))
        await check
        expect(await local.closed).toMatchObject({ by: 'local', code: 'IPC_ABORTED' })
        expect((await remote.closed()).code).toBe('IPC_ABORTED')
      },
      {
        local: { highWaterMarkBytes: 16_384, maxBufferedBytes: 65_536 },
        remote: { highWaterMarkBytes: 16_384 },
      },
    )

    pairTest(harness, 'close with an already aborted signal aborts', async ({ local }) => {
      await expectIpcError(local.close({ signal: AbortSignal.abort() }), 'IPC_ABORTED')
      expect(local.status).toBe('closed')
    })

    pairTest(
      harness,
      'iteration ends with IPC_ABORTED when the connection is aborted',
      async ({ local, remote }) => {
        await remote.send(['one'])
        const seen: unknown[] = []
        const iteration = (async () => {
          for await (const message of local) {
            seen.push(message)
            await remote.abort()
          }
        })()
        await expectIpcError(iteration, 'IPC_ABORTED')
        expect(seen).toEqual(['one'])
      },
    )
  })
}

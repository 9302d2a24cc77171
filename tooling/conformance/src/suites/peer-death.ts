import { request } from '@ipc/core'
import { describe, expect } from 'vitest'
import { expectIpcError, fillUntilStuck, until } from '../check.js'
import { checkNumbered, type NumberedStream, numberedMessage } from '../numbered.js'
import { type PairHarness, pairTest } from '../pair-test.js'
import type { Remote } from '../remote.js'

const SMALL = {
  local: { highWaterMarkBytes: 16_384, maxBufferedBytes: 1_000_000 },
  remote: { highWaterMarkBytes: 16_384 },
}

export function peerDeathSuite(harness: PairHarness): void {
  describe('peer death', () => {
    pairTest(harness, 'the death of an idle peer is noticed without any call', async ({ local, remote }) => {
      await kill(remote)
      const reason = await local.closed
      expect(reason).toMatchObject({ by: 'transport', code: 'IPC_PEER_LOST' })
      expect(reason.error?.code).toBe('IPC_PEER_LOST')
      expect(local.status).toBe('closed')
      await expectIpcError(() => local.send('late'), 'IPC_PEER_LOST')
      await expectIpcError(local.receive(), 'IPC_PEER_LOST')
      await expectIpcError(local.drained(), 'IPC_PEER_LOST')
      await local.close()
    })

    pairTest(harness, 'a pending receive rejects with IPC_PEER_LOST', async ({ local, remote }) => {
      const pending = [local.receive(), local.receive({ timeoutMs: 1e9 })]
      const checks = pending.map((promise) => expectIpcError(promise, 'IPC_PEER_LOST'))
      await kill(remote)
      await Promise.all(checks)
    })

    pairTest(harness, 'a pending request rejects with IPC_PEER_LOST', async ({ local, remote }) => {
      await remote.serve()
      const check = expectIpcError(request(local, { hang: true }), 'IPC_PEER_LOST')
      await until(async () => (await remote.served()).started === 1)
      await kill(remote)
      await check
      await expectIpcError(request(local, { reply: 1 }), 'IPC_PEER_LOST')
    })

    pairTest(
      harness,
      'a pending drained rejects with IPC_PEER_LOST',
      async ({ local, remote }) => {
        await fillUntilStuck(local)
        const check = expectIpcError(local.drained(), 'IPC_PEER_LOST')
        await kill(remote)
        await check
        expect((await local.closed).unsent.messages).toBeGreaterThan(0)
      },
      SMALL,
    )

    pairTest(
      harness,
      'a pending close rejects with IPC_PEER_LOST',
      async ({ local, remote }) => {
        await fillUntilStuck(local)
        const closing = [local.close(), local.close({ signal: new AbortController().signal })]
        const checks = closing.map((promise) => expectIpcError(promise, 'IPC_PEER_LOST'))
        await kill(remote)
        await Promise.all(checks)
      },
      SMALL,
    )

    pairTest(
      harness,
      'the death of the peer ends iteration with IPC_PEER_LOST',
      async ({ local, remote }) => {
        const iteration = (async () => {
          for await (const message of local) expect(message).toBe('never')
        })()
        const check = expectIpcError(iteration, 'IPC_PEER_LOST')
        await kill(remote)
        await check
      },
    )

    pairTest(harness, 'messages received before the death can still be read', async ({ local, remote }) => {
      await remote.send(['one', 'two', 'three'])
      await until(() => local.stats().unreadMessages === 3)
      await kill(remote)
      await local.closed
      expect([await local.receive(), local.tryReceive(), await local.receive()]).toEqual([
        'one',
        'two',
        'three',
      ])
      await expectIpcError(local.receive(), 'IPC_PEER_LOST')
    })

    pairTest(
      harness,
      'a peer that dies while it streams leaves a whole prefix of the stream',
      async ({ local, remote }) => {
        const stream: NumberedStream = { count: 1_000_000, bytes: [4, 2000] }
        remote.sendNumbered(stream).catch(() => {})
        let received = 0
        const reading = (async () => {
          for await (const message of local) {
            const problem = checkNumbered(stream, received, message)
            if (problem !== undefined) throw new Error(problem)
            received++
          }
        })()
        const check = expectIpcError(reading, 'IPC_PEER_LOST')
        await until(() => received > 500)
        await kill(remote)
        await check
        expect(received).toBe(local.stats().messagesReceived)
      },
    )

    pairTest(
      harness,
      'a peer that dies while we stream to it ends the stream with IPC_PEER_LOST',
      async (pair) => {
        const { local, remote } = pair
        const stream: NumberedStream = { count: 1_000_000, bytes: 1000 }
        await remote.startReading()
        let sent = 0
        const check = expectIpcError(async () => {
          for (; sent < stream.count; sent++) {
            if (!local.send(numberedMessage(stream, sent))) await local.drained()
            else if (sent % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
          }
        }, 'IPC_PEER_LOST')
        await until(() => sent > 500)
        await kill(remote)
        await check
        expect(await local.closed).toMatchObject({ by: 'transport', code: 'IPC_PEER_LOST' })
      },
    )

    pairTest(harness, 'abort after the death changes nothing', async ({ local, remote }) => {
      await kill(remote)
      await local.closed
      local.abort()
      await local[Symbol.asyncDispose]()
      expect((await local.closed).code).toBe('IPC_PEER_LOST')
    })
  })
}

async function kill(remote: Remote): Promise<void> {
  if (remote.kill === undefined) throw new Error('the harness says canKill, its remote has no kill')
  await remote.kill()
}

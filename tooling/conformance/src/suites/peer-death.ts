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

// Few tests with several cases each: every one costs a new process.
export function peerDeathSuite(harness: PairHarness): void {
  if (harness.canKill !== true) return
  describe('peer death', () => {
    pairTest(harness, 'the death of an idle peer is noticed without any call, and is final', async (pair) => {
      const { local, remote } = pair
      await kill(remote)
      const reason = await local.closed
      expect(reason).toMatchObject({ by: 'transport', code: 'IPC_PEER_LOST' })
      expect(reason.error?.code).toBe('IPC_PEER_LOST')
      expect(local.status).toBe('closed')
      await expectIpcError(() => local.send('late'), 'IPC_PEER_LOST')
      await expectIpcError(local.receive(), 'IPC_PEER_LOST')
      await expectIpcError(local.drained(), 'IPC_PEER_LOST')
      await expectIpcError(request(local, { reply: 1 }), 'IPC_PEER_LOST')
      await local.close()
      local.abort()
      await local[Symbol.asyncDispose]()
      expect((await local.closed).code).toBe('IPC_PEER_LOST')
    })

    pairTest(harness, 'pending receives, requests and iterations reject with IPC_PEER_LOST', async (pair) => {
      const { local, remote } = pair
      await remote.serve()
      const iterate = async (): Promise<void> => {
        for await (const message of local) expect(message).toBe('never')
      }
      const pending = [
        local.receive(),
        local.receive({ timeoutMs: 1e9, signal: new AbortController().signal }),
        iterate(),
        request(local, { hang: true }),
        request(local, { hang: true }, { timeoutMs: 1e9 }),
      ]
      const checks = pending.map((promise) => expectIpcError(promise, 'IPC_PEER_LOST'))
      await until(async () => (await remote.served()).started === 2)
      await kill(remote)
      await Promise.all(checks)
    })

    pairTest(
      harness,
      'pending drained and close calls reject with IPC_PEER_LOST, what was not sent is counted',
      async ({ local, remote }) => {
        await fillUntilStuck(local)
        await expectIpcError(() => {
          for (let i = 0; i < 100_000; i++) local.send(new Uint8Array(4096))
        }, 'IPC_QUEUE_FULL')
        const pending = [
          local.drained(),
          local.close(),
          local.close({ signal: new AbortController().signal }),
        ]
        const checks = pending.map((promise) => expectIpcError(promise, 'IPC_PEER_LOST'))
        await kill(remote)
        await Promise.all(checks)
        expect((await local.closed).unsent.messages).toBeGreaterThan(0)
      },
      SMALL,
    )

    pairTest(harness, 'messages received before the death can still be read', async ({ local, remote }) => {
      await remote.send(['one', 'two', 'three'])
      await until(() => local.stats().unreadMessages === 3)
      await kill(remote)
      await local.closed
      expect([await local.receive(), local.tryReceive()]).toEqual(['one', 'two'])
      expect((await local.closed).discarded.messages).toBe(0)
      const seen: unknown[] = []
      await expectIpcError(async () => {
        for await (const message of local) seen.push(message)
      }, 'IPC_PEER_LOST')
      expect(seen).toEqual(['three'])
    })

    streamTests(harness)
  })
}

function streamTests(harness: PairHarness): void {
  pairTest(harness, 'a peer that dies while it streams leaves a whole prefix of the stream', async (pair) => {
    const { local, remote } = pair
    const stream: NumberedStream = { count: 1_000_000, bytes: [4, 2000] }
    remote.sendNumbered(stream).catch(() => {})
    let received = 0
    const read = async (): Promise<void> => {
      for await (const message of local) {
        const problem = checkNumbered(stream, received, message)
        if (problem !== undefined) throw new Error(problem)
        received++
      }
    }
    const check = expectIpcError(read(), 'IPC_PEER_LOST')
    await until(() => received > 500)
    await kill(remote)
    await check
    expect(received).toBe(local.stats().messagesReceived)
  })

  pairTest(
    harness,
    'a peer that dies while we stream to it ends the stream with IPC_PEER_LOST',
    async (pair) => {
      const { local, remote } = pair
      const stream: NumberedStream = { count: 1_000_000, bytes: 1000 }
      await remote.startReading()
      let sent = 0
      const send = async (): Promise<void> => {
        for (; sent < stream.count; sent++) {
          if (!local.send(numberedMessage(stream, sent))) await local.drained()
          else if (sent % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
        }
      }
      const check = expectIpcError(send(), 'IPC_PEER_LOST')
      await until(() => sent > 500)
      await kill(remote)
      await check
      expect(await local.closed).toMatchObject({ by: 'transport', code: 'IPC_PEER_LOST' })
    },
  )
}

async function kill(remote: Remote): Promise<void> {
  if (remote.kill === undefined) throw new Error('the harness says canKill, its remote has no kill')
  await remote.kill()
}

import { describe, expect } from 'vitest'
import { expectIpcError, until } from '../check.js'
import { checkNumbered, numberedMessage } from '../numbered.js'
import { type PairHarness, pairTest } from '../pair-test.js'
import { statesSuite } from './states.js'

const NOTHING = { messages: 0, bytes: 0 }
const GRACEFUL = { code: undefined, unsent: NOTHING, discarded: NOTHING }

export function lifecycleSuite(harness: PairHarness): void {
  describe('lifecycle', () => {
    pairTest(harness, 'a new connection is open on both sides', async ({ local, remote }) => {
      expect(local.status).toBe('open')
      expect(await remote.status()).toBe('open')
    })

    closeTests(harness)
    flushTests(harness)
    streamTests(harness)
    disposalTests(harness)
    statesSuite(harness)
  })
}

function closeTests(harness: PairHarness): void {
  pairTest(harness, 'close ends both sides and closed tells each who did it', async ({ local, remote }) => {
    await local.close()
    expect(local.status).toBe('closed')
    expect(await local.closed).toMatchObject({ by: 'local', error: undefined, ...GRACEFUL })
    expect(await remote.closed()).toMatchObject({ by: 'remote', ...GRACEFUL })
    expect(await remote.status()).toBe('closed')
  })

  pairTest(harness, 'a close by the peer ends this side', async ({ local, remote }) => {
    await remote.close()
    expect(await local.closed).toMatchObject({ by: 'remote', error: undefined, ...GRACEFUL })
    expect(local.status).toBe('closed')
    expect(await remote.closed()).toMatchObject({ by: 'local', ...GRACEFUL })
  })

  pairTest(harness, 'close twice, in one tick and afterwards, is one close', async ({ local }) => {
    const both = [local.close(), local.close()]
    expect(local.status).toBe('closing')
    await Promise.all(both)
    await local.close()
    expect((await local.closed).by).toBe('local')
  })

  pairTest(harness, 'both sides closing at once both end gracefully', async ({ local, remote }) => {
    await Promise.all([local.close(), remote.close()])
    expect((await local.closed).code).toBeUndefined()
    expect((await remote.closed()).code).toBeUndefined()
  })

  pairTest(harness, 'abort after close changes nothing', async ({ local }) => {
    await local.close()
    local.abort(new Error('late'))
    expect(await local.closed).toMatchObject({ by: 'local', code: undefined })
    expect(local.status).toBe('closed')
  })

  pairTest(harness, 'abort while closing ends it with IPC_ABORTED', async ({ local }) => {
    const check = expectIpcError(local.close(), 'IPC_ABORTED')
    local.abort()
    await check
    expect((await local.closed).code).toBe('IPC_ABORTED')
  })

  pairTest(harness, 'close settles pending receives with IPC_CLOSED', async ({ local }) => {
    const pending = [local.receive(), local.receive({ timeoutMs: 1e9 })]
    const checks = pending.map((promise) => expectIpcError(promise, 'IPC_CLOSED'))
    await local.close()
    await Promise.all(checks)
  })

  pairTest(
    harness,
    'a close by the peer settles pending receives with IPC_CLOSED',
    async ({ local, remote }) => {
      const check = expectIpcError(local.receive(), 'IPC_CLOSED')
      await remote.close()
      await check
    },
  )
}

function flushTests(harness: PairHarness): void {
  pairTest(harness, 'everything sent before close arrives', async ({ local, remote }) => {
    const verdict = remote.receive(1000)
    for (let i = 0; i < 1000; i++) local.send(i)
    await local.close()
    expect(await verdict).toEqual(Array.from({ length: 1000 }, (_, i) => i))
    expect((await local.closed).unsent).toEqual(NOTHING)
    await expectIpcError(remote.receive(1), 'IPC_CLOSED')
  })

  pairTest(
    harness,
    'what the peer sent before it closed can be read after the end',
    async ({ local, remote }) => {
      await remote.send(['a', 'b', 'c'])
      await remote.close()
      await local.closed
      expect([await local.receive(), local.tryReceive(), await local.receive()]).toEqual(['a', 'b', 'c'])
      await expectIpcError(local.receive(), 'IPC_CLOSED')
      expect(local.tryReceive()).toBeUndefined()
    },
  )

  pairTest(
    harness,
    'messages of the peer that are under way arrive after close was called here',
    async (pair) => {
      const { local, remote } = pair
      await remote.send(['under', 'way'])
      const closing = local.close()
      expect([await local.receive(), await local.receive()]).toEqual(['under', 'way'])
      await closing
      await expectIpcError(local.receive(), 'IPC_CLOSED')
    },
  )

  pairTest(
    harness,
    'close delivers more than the buffers hold to a peer that reads',
    async ({ local, remote }) => {
      const stream = { count: 400, bytes: 4096 }
      const verdict = remote.receiveNumbered(stream)
      for (let i = 0; i < stream.count; i++) local.send(numberedMessage(stream, i))
      await local.close()
      expect(await verdict).toEqual({ received: stream.count, problem: undefined })
    },
    { local: { highWaterMarkBytes: 65_536 }, remote: { highWaterMarkBytes: 65_536 } },
  )

  pairTest(harness, 'nothing is delivered after the peer saw the end', async ({ local, remote }) => {
    const seen: unknown[] = []
    local.onMessage((message) => seen.push(message))
    await remote.send([1, 2])
    await remote.close()
    await local.closed
    const before = [...seen]
    await new Promise((resolve) => setTimeout(resolve, 30))
    expect(seen).toEqual(before)
    expect(seen).toEqual([1, 2])
  })

  pairTest(harness, 'nothing is delivered after an abort here', async ({ local, remote }) => {
    const seen: unknown[] = []
    local.onMessage((message) => seen.push(message))
    await remote.send([1])
    await until(() => seen.length === 1)
    const more = remote.send([2, 3, 4])
    local.abort()
    await more.catch(() => {})
    await remote.closed()
    expect(seen).toEqual([1])
  })
}

function streamTests(harness: PairHarness): void {
  pairTest(
    harness,
    'close while the peer streams takes in all that it had sent',
    async ({ local, remote }) => {
      const stream = { count: 1_000_000, bytes: 1000 }
      const streaming = expectIpcError(remote.sendNumbered(stream), 'IPC_CLOSED')
      let received = 0
      const read = async (): Promise<void> => {
        for await (const message of local) {
          expect(checkNumbered(stream, received, message)).toBeUndefined()
          received++
        }
      }
      const reading = read()
      await until(() => received > 200)
      await local.close()
      await Promise.all([streaming, reading])
      expect(await remote.closed()).toMatchObject({ by: 'remote', ...GRACEFUL })
      expect(received).toBe((await remote.stats()).messagesSent)
    },
  )

  pairTest(
    harness,
    'close does not wait for what nobody reads here, and counts what it drops',
    async (pair) => {
      const { local, remote } = pair
      const streaming = expectIpcError(remote.sendNumbered({ count: 1_000_000, bytes: 1000 }), 'IPC_CLOSED')
      await until(() => local.stats().unreadBytes >= 16_384)
      await local.close()
      await streaming
      const { discarded } = await local.closed
      const { messagesReceived, unreadMessages } = local.stats()
      expect(discarded.messages).toBe(messagesReceived - unreadMessages)
      expect(messagesReceived).toBe((await remote.stats()).messagesSent)
    },
    { local: { highWaterMarkBytes: 16_384, maxBufferedBytes: 65_536 } },
  )

  pairTest(harness, 'a listener that closes still gets what was under way', async (pair) => {
    const { local, remote } = pair
    const seen: unknown[] = []
    await remote.send([1, 2, 3])
    await until(() => local.stats().unreadMessages === 3)
    local.onMessage((message) => {
      seen.push(message)
      if (message === 1) void local.close()
    })
    await local.closed
    expect(seen).toEqual([1, 2, 3])
  })

  pairTest(harness, 'a listener that aborts gets nothing more', async ({ local, remote }) => {
    const seen: unknown[] = []
    await remote.send([1, 2, 3])
    await until(() => local.stats().unreadMessages === 3)
    local.onMessage((message) => {
      seen.push(message)
      local.abort()
    })
    await remote.closed()
    expect(seen).toEqual([1])
  })
}

function disposalTests(harness: PairHarness): void {
  pairTest(
    harness,
    'iteration gives every message and ends at a graceful close',
    async ({ local, remote }) => {
      await remote.send([1, 2, 3])
      const closed = remote.close()
      const seen: unknown[] = []
      for await (const message of local) seen.push(message)
      await closed
      expect(seen).toEqual([1, 2, 3])
    },
  )

  pairTest(harness, 'leaving an iteration leaves the connection open', async ({ local, remote }) => {
    await remote.send([1, 2])
    for await (const message of local) {
      expect(message).toBe(1)
      break
    }
    expect(local.status).toBe('open')
    expect(await local.receive()).toBe(2)
  })

  pairTest(harness, 'asyncDispose closes gracefully', async ({ local, remote }) => {
    const received = remote.receive(1)
    {
      await using connection = local
      connection.send('last words')
    }
    expect(local.status).toBe('closed')
    expect(await received).toEqual(['last words'])
    expect(await remote.closed()).toMatchObject({ by: 'remote', code: undefined })
    await local[Symbol.asyncDispose]()
  })

  pairTest(harness, 'ref and unref may be called in any state', async ({ local, remote }) => {
    local.unref()
    local.unref()
    local.ref()
    local.send('x')
    expect(await remote.receive(1)).toEqual(['x'])
    await local.close()
    local.ref()
    local.unref()
  })
}

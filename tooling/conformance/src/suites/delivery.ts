import { describe, expect, test } from 'vitest'
import { expectSame, until } from '../check.js'
import type { Pair } from '../harness.js'
import { checkNumbered, numberedMessage } from '../numbered.js'
import { type PairHarness, pairTest } from '../pair-test.js'

/** What every transport carries with its default codec; a harness adds what is its own. */
const VALUES: readonly unknown[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  127,
  128,
  -129,
  2 ** 31,
  -(2 ** 31) - 1,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  1.5,
  5e-324,
  Number.MAX_VALUE,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  '',
  'a\u0000b',
  'größer 𝕊 🦀',
  'x'.repeat(70_000),
  [],
  [[], [[1, 'two', null]]],
  {},
  { a: 1, b: { c: [true, { d: 'e' }] }, 'key with space': '', __proto: 'x' },
  new Uint8Array(0),
  new Uint8Array([0, 1, 255]),
  { bytes: new Uint8Array(300).fill(7) },
]

export function deliverySuite(harness: PairHarness): void {
  describe('delivery', () => {
    pairTest(harness, 'an empty message arrives', async ({ local, remote }) => {
      local.send(new Uint8Array(0))
      expectSame(await remote.receive(1), [new Uint8Array(0)])
      await remote.send([new Uint8Array(0)])
      expectSame(await local.receive(), new Uint8Array(0))
    })

    pairTest(
      harness,
      'values of every kind arrive as they were sent, both ways',
      async ({ local, remote }) => {
        const values = [...VALUES, ...(harness.values ?? [])]
        await remote.echo()
        for (const value of values) local.send(value)
        for (const value of values) expectSame(await local.receive(), value)
      },
    )

    pairTest(harness, 'one big message arrives whole, both ways', async ({ local, remote }) => {
      const stream = { count: 1, bytes: 3_000_001 }
      const verdict = remote.receiveNumbered(stream)
      local.send(numberedMessage(stream, 0))
      expect(await verdict).toEqual({ received: 1, problem: undefined })
      const sent = remote.sendNumbered(stream)
      expect(checkNumbered(stream, 0, await local.receive())).toBeUndefined()
      await sent
    })

    pairTest(harness, 'many small messages arrive, each once', async ({ local, remote }) => {
      const stream = { count: 20_000, bytes: 16 }
      const verdict = remote.receiveNumbered(stream)
      for (let i = 0; i < stream.count; i++) {
        if (!local.send(numberedMessage(stream, i))) await local.drained()
      }
      expect(await verdict).toEqual({ received: stream.count, problem: undefined })
      const { messagesSent } = local.stats()
      expect(messagesSent).toBe(stream.count)
      expect((await remote.stats()).messagesReceived).toBe(stream.count)
    })

    pairTest(harness, 'messages sent before the peer reads wait for it', async ({ local, remote }) => {
      for (let i = 0; i < 10; i++) local.send(i)
      await until(async () => (await remote.stats()).unreadMessages === 10)
      expect(await remote.receive(10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    })

    pairTest(
      harness,
      'messages that came before anyone read are delivered to a listener',
      async ({ local, remote }) => {
        await remote.send(['a', 'b', 'c'])
        await until(() => local.stats().unreadMessages === 3)
        const seen: unknown[] = []
        local.onMessage((message) => seen.push(message))
        await remote.send(['d'])
        await until(() => seen.length === 4)
        expect(seen).toEqual(['a', 'b', 'c', 'd'])
      },
    )

    pairTest(
      harness,
      'every listener gets every message until it unsubscribes',
      async ({ local, remote }) => {
        const first: unknown[] = []
        const second: unknown[] = []
        const stop = local.onMessage((message) => first.push(message))
        local.onMessage((message) => second.push(message))
        await remote.send([1])
        await until(() => second.length === 1)
        stop()
        stop()
        await remote.send([2])
        await until(() => second.length === 2)
        expect(first).toEqual([1])
        expect(second).toEqual([1, 2])
      },
    )

    pairTest(harness, 'tryReceive takes what is there and never waits', async ({ local, remote }) => {
      expect(local.tryReceive()).toBeUndefined()
      await remote.send(['a', 'b'])
      await until(() => local.stats().unreadMessages === 2)
      expect([local.tryReceive(), local.tryReceive(), local.tryReceive()]).toEqual(['a', 'b', undefined])
    })

    pairTest(harness, 'a received message is not overwritten by later ones', async ({ local, remote }) => {
      const stream = { count: 300, bytes: [4, 5000] as const }
      const sent = remote.sendNumbered(stream)
      const kept: unknown[] = []
      while (kept.length < stream.count) kept.push(await local.receive())
      await sent
      const problems = kept.map((message, i) => checkNumbered(stream, i, message))
      expect(problems.filter((problem) => problem !== undefined)).toEqual([])
    })

    pairTest(harness, 'a sent message may be changed once send has returned', async ({ local, remote }) => {
      const message = new Uint8Array(1000).fill(1)
      local.send(message)
      message.fill(2)
      local.send(message)
      expectSame(await remote.receive(2), [new Uint8Array(1000).fill(1), new Uint8Array(1000).fill(2)])
    })

    if (harness.capabilities.manyConnections) {
      test('pairs at the same time do not disturb each other', async () => {
        const pairs = [await harness.open(), await harness.open(), await harness.open()]
        const [first, second, third] = pairs as [Pair, Pair, Pair]
        try {
          for (const [i, { local }] of pairs.entries()) local.send(i)
          expect(await Promise.all(pairs.map(({ remote }) => remote.receive(1)))).toEqual([[0], [1], [2]])
          first.local.abort()
          await second.local.close()
          await third.remote.echo()
          third.local.send('alone')
          expect(await third.local.receive()).toBe('alone')
        } finally {
          for (const pair of pairs) await pair.dispose()
        }
      })
    }

    pairTest(harness, 'counters tell what was sent and received', async ({ local, remote }) => {
      local.send('four')
      await remote.receive(1)
      await remote.send(['a', 'b'])
      await until(() => local.stats().unreadMessages === 2)
      await local.receive()
      // Where the peer acknowledges what has come in, that is later.
      await until(() => local.stats().bufferedMessages === 0)
      const stats = local.stats()
      expect(stats).toMatchObject({ status: 'open', messagesSent: 1, messagesReceived: 2, unreadMessages: 1 })
      expect(stats).toMatchObject({
        bufferedMessages: 0,
        bufferedBytes: 0,
        decodeFailures: 0,
        congestions: 0,
      })
      expect(stats.bytesSent).toBeGreaterThanOrEqual(4)
      expect(stats.bytesReceived).toBeGreaterThanOrEqual(2)
      expect(JSON.parse(JSON.stringify(stats))).toEqual(stats)
    })
  })
}

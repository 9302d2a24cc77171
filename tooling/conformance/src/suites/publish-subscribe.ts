import { isIpcError } from '@ipc/core'
import { createTopics, subscribe } from '@ipc/core/topics'
import { describe, expect } from 'vitest'
import { expectIpcError } from '../check.js'
import { type PairHarness, pairTest } from '../pair-test.js'

/** Fills every buffer on the way before 20 MiB. */
const BIG = new Uint8Array(10_000)
const MOST = 2000

export function publishSubscribeSuite(harness: PairHarness): void {
  describe('publish and subscribe', () => {
    pairTest(harness, 'nothing is missed from the acknowledgement on', async ({ local, remote }) => {
      const topics = createTopics()
      topics.serve(local)
      topics.publish('flights', 'before')
      await remote.subscribe('flights')
      const numbers = Array.from({ length: 500 }, (_, n) => n)
      for (const n of numbers) if (!topics.publish('flights', n)) await topics.drained()
      expect(await remote.receivePublished('flights', numbers.length)).toEqual(numbers)
    })

    pairTest(
      harness,
      'each subscription gets its topic only, until it is closed',
      async ({ local, remote }) => {
        const topics = createTopics()
        topics.serve(local)
        await Promise.all([remote.subscribe('a'), remote.subscribe('b')])
        for (const topic of ['a', 'b', 'a']) topics.publish(topic, topic)
        expect(await remote.receivePublished('b', 1)).toEqual(['b'])
        expect(await remote.receivePublished('a', 2)).toEqual(['a', 'a'])
        await remote.unsubscribe('a')
        expect([topics.subscribers('a'), topics.subscribers('b')]).toEqual([0, 1])
      },
    )

    pairTest(harness, 'a subscriber that does not read stops the publisher', async ({ local, remote }) => {
      const topics = createTopics()
      topics.serve(local)
      await remote.subscribe('flights')
      let published = 0
      while (published < MOST && topics.publish('flights', { n: published++, bytes: BIG }));
      expect(published).toBeLessThan(MOST)
      const drained = topics.drained()
      const got = (await remote.receivePublished('flights', published)) as { readonly n: number }[]
      expect(got.map(({ n }) => n)).toEqual(Array.from({ length: published }, (_, n) => n))
      await drained
    })

    pairTest(harness, 'requests and messages go on beside subscriptions', async ({ local, remote }) => {
      const topics = createTopics()
      topics.serve(local)
      await remote.subscribe('flights')
      local.send('plain')
      topics.publish('flights', 'published')
      expect(await remote.receive(1)).toEqual(['plain'])
      expect(await remote.receivePublished('flights', 1)).toEqual(['published'])
    })

    pairTest(harness, 'a subscription ends with its connection', async ({ local, remote }) => {
      const topics = createTopics()
      topics.serve(local)
      await remote.subscribe('flights')
      const ended = expectIpcError(remote.receivePublished('flights', 1), 'IPC_ABORTED')
      local.abort()
      await ended
      await local.closed
      expect(topics.subscribers('flights')).toBe(0)
      const refused = await subscribe(local, 'flights').catch((error: unknown) => error)
      expect(isIpcError(refused, 'IPC_ABORTED')).toBe(true)
    })
  })
}

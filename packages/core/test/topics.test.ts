import { describe, expect, test, vi } from 'vitest'
import { type Connection, IpcError, isIpcError } from '../src/index.js'
import { createTopics, type Subscription, subscribe } from '../src/topics/index.js'
import { fakeConnection, joinedConnections } from './fake-link.js'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await turn()
}

/** What the subscription has, until it is told to stop. */
async function drain(subscription: Subscription): Promise<unknown[]> {
  const got: unknown[] = []
  for await (const message of subscription) got.push(message)
  return got
}

describe('topics', () => {
  test('nothing that is published after the acknowledgement is missed, and nothing before it comes', async () => {
    const [client, server] = joinedConnections()
    const topics = createTopics<{ prices: number; news: string }>()
    topics.serve(server)
    expect(topics.publish('prices', 1)).toBe(true)
    const prices = await subscribe<number>(client, 'prices')
    expect(topics.subscribers('prices')).toBe(1)
    topics.publish('prices', 2)
    topics.publish('news', 'not for prices')
    topics.publish('prices', 3)
    expect([await prices.receive(), await prices.receive()]).toEqual([2, 3])
    expect(prices.tryReceive()).toBeUndefined()
    expect(prices.topic).toBe('prices')
  })

  test('subscriptions share a connection with each other, with requests and with messages', async () => {
    const [client, server] = joinedConnections()
    const topics = createTopics()
    topics.serve(server)
    const [one, other] = await Promise.all([subscribe(client, 'a'), subscribe(client, 'a')])
    server.send('plain')
    topics.publish('a', 'published')
    expect(await client.receive()).toBe('plain')
    expect([await one.receive(), await other.receive()]).toEqual(['published', 'published'])
    expect(topics.subscribers('a')).toBe(2)
    await one.close()
    expect(topics.subscribers('a')).toBe(1)
    topics.publish('a', undefined)
    expect(await other.receive()).toBeUndefined()
    await expect(one.receive()).rejects.toMatchObject({ code: 'IPC_CLOSED' })
    expect(await one.closed).toBeUndefined()
  })

  test('push delivery begins with what is unread', async () => {
    const [client, server] = joinedConnections()
    const topics = createTopics()
    topics.serve(server)
    const subscription = await subscribe(client, 'a')
    topics.publish('a', 1)
    await turns(2)
    const got: unknown[] = []
    subscription.onMessage((message) => got.push(message))
    topics.publish('a', 2)
    await turns(2)
    expect(got).toEqual([1, 2])
    expect(() => subscription.receive()).toThrow(TypeError)
  })

  test('all peers of a listener may subscribe, until serving it ends', async () => {
    const pairs = [joinedConnections(), joinedConnections()]
    const waiting = pairs.map(([, server]) => server)
    let stopped = false
    const listener = {
      accept: async ({ signal }: { signal: AbortSignal }): Promise<Connection> => {
        const connection = waiting.shift()
        if (connection !== undefined) return connection
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            stopped = true
            reject(new IpcError('IPC_ABORTED', 'accept was aborted'))
          })
        })
      },
    }
    const topics = createTopics()
    const stop = topics.serve(listener as never)
    const subscriptions = await Promise.all(pairs.map(([client]) => subscribe(client, 'a')))
    topics.publish('a', 'to all')
    expect(await Promise.all(subscriptions.map((each) => each.receive()))).toEqual(['to all', 'to all'])
    stop()
    expect(stopped).toBe(true)
    for (const subscription of subscriptions) {
      expect(await subscription.closed).toMatchObject({ code: 'IPC_CLOSED' })
      expect(await drain(subscription)).toEqual([])
    }
    expect(topics.subscribers('a')).toBe(0)
  })

  test('messages are checked by the schema, each for itself', async () => {
    const [client, server] = joinedConnections()
    const topics = createTopics()
    topics.serve(server)
    const schema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) =>
          typeof value === 'number' ? { value: value * 10 } : { issues: [{ message: 'no number' }] },
      },
    } as const
    const subscription = await subscribe<number>(client, 'a', { schema })
    topics.publish('a', 'text')
    topics.publish('a', 4)
    await expect(subscription.receive()).rejects.toMatchObject({ code: 'IPC_DECODE_FAILED' })
    expect(await subscription.receive()).toBe(40)
  })

  test.each([
    { why: 'not allowed', topic: 'secret', code: 'IPC_PERMISSION_DENIED' },
    { why: 'authorize throws', topic: 'throw', code: 'IPC_PERMISSION_DENIED' },
    { why: 'too many', topic: 'third', code: 'IPC_QUEUE_FULL' },
  ])('who is refused hears why: $why', async ({ topic, code }) => {
    const [client, server] = joinedConnections()
    const topics = createTopics({
      maxSubscriptions: 2,
      authorize(name, peer) {
        if (name === 'throw') throw new Error('on purpose')
        return name !== 'secret' && peer.pid === 7
      },
    })
    topics.serve(server)
    await subscribe(client, 'first')
    const second = await subscribe(client, 'second')
    await expect(subscribe(client, topic)).rejects.toMatchObject({ code })
    // One that is closed makes room.
    await second.close()
    await subscribe(client, 'second')
  })

  test.each(['', 'x'.repeat(256), 7, undefined])('%j is no topic', async (topic) => {
    const { connection } = fakeConnection()
    await expect(subscribe(connection, topic as string)).rejects.toBeInstanceOf(TypeError)
    expect(() => createTopics().publish(topic as string, 1)).toThrow(TypeError)
  })

  test('whatever a peer sends in place of a subscription is refused, or ignored', async () => {
    const [client, server] = joinedConnections()
    const topics = createTopics()
    topics.serve(server)
    const answers: unknown[] = []
    client.onMessage((message) => answers.push(message))
    for (const topic of ['', 'x'.repeat(256), {}, undefined]) client.send({ ipc: 'subscribe', id: 1, topic })
    client.send({ ipc: 'subscribe', id: 2, topic: 'a' })
    client.send({ ipc: 'subscribe', id: 2, topic: 'a' })
    client.send({ ipc: 'unsubscribe', id: 99 })
    await turns(3)
    expect(answers.map((answer) => (answer as { error?: { code: string } }).error?.code)).toEqual([
      ...Array(4).fill('IPC_PROTOCOL'),
      undefined,
      'IPC_PROTOCOL',
      undefined,
    ])
    expect(topics.subscribers('a')).toBe(1)
  })

  test('whoever floods with subscriptions and does not read the answers is not read from', async () => {
    const { connection, link } = fakeConnection()
    createTopics().serve(connection)
    link.congested = true
    link.events.deliver({ ipc: 'subscribe', id: 1, topic: 'a' }, 10)
    await turn()
    link.events.deliver({ ipc: 'subscribe', id: 2, topic: 'a' }, 10)
    await turn()
    expect(link.calls.at(-1)).toBe('pause')
    link.congested = false
    link.events.flowing()
    await turn()
    expect(link.calls.at(-1)).toBe('resume')
    expect(link.sent).toHaveLength(2)
  })

  test('publish says when a subscriber is congested, and drained when none is', async () => {
    const pairs = [joinedConnections(), joinedConnections()] as const
    const topics = createTopics()
    for (const [, server] of pairs) topics.serve(server)
    for (const [client] of pairs) await subscribe(client, 'a')
    const [, slow] = pairs.map(([, , , link]) => link) as [unknown, (typeof pairs)[1][3]]
    slow.congested = true
    expect(topics.publish('a', 1)).toBe(false)
    let isDrained = false
    const drained = topics.drained().then(() => {
      isDrained = true
    })
    await turns(3)
    expect(isDrained).toBe(false)
    slow.congested = false
    slow.events.flowing()
    await drained
    expect(topics.publish('a', 2)).toBe(true)
    await topics.drained()
    slow.congested = true
    topics.publish('a', 3)
    const signal = AbortSignal.timeout(5)
    await expect(topics.drained({ signal })).rejects.toMatchObject({ code: 'IPC_ABORTED' })
    const ended = topics.drained()
    pairs[1][1].abort()
    await ended
  })

  test('who lets more collect than its limit is cut off, and told so; others are not disturbed', async () => {
    const pairs = [joinedConnections({ maxBufferedBytes: 2 ** 21 }), joinedConnections()] as const
    const topics = createTopics()
    for (const [, server] of pairs) topics.serve(server)
    const [slow, quick] = await Promise.all(pairs.map(([client]) => subscribe(client, 'a')))
    const link = pairs[0][3]
    link.bufferedBytes = 2 ** 21
    link.congested = true
    expect(topics.publish('a', 1)).toBe(true)
    expect(topics.subscribers('a')).toBe(1)
    link.bufferedBytes = 0
    link.congested = false
    link.events.flowing()
    expect(await slow?.closed).toMatchObject({ code: 'IPC_QUEUE_FULL' })
    expect(await quick?.receive()).toBe(1)
  })

  test('what no codec carries is the error of who publishes it', async () => {
    const [client, server, , link] = joinedConnections()
    const topics = createTopics()
    topics.serve(server)
    await subscribe(client, 'a')
    link.onSend = () => {
      throw new TypeError('does not carry functions')
    }
    expect(() => topics.publish('a', () => {})).toThrow(TypeError)
    expect(topics.subscribers('a')).toBe(1)
  })

  test('unread messages of a subscription stop the connection, and taking them lets it go on', async () => {
    const [client, server, link] = joinedConnections()
    const topics = createTopics()
    topics.serve(server)
    const subscription = await subscribe(client, 'a', { highWaterMarkBytes: 300 })
    for (let i = 0; i < 5; i++) topics.publish('a', i)
    await turns(2)
    expect(link.calls).toEqual(['pause'])
    for (let i = 0; i < 3; i++) expect(await subscription.receive()).toBe(i)
    expect(link.calls).toEqual(['pause', 'resume'])
    await turns(1)
    for (let i = 5; i < 9; i++) topics.publish('a', i)
    await turns(2)
    expect(link.calls.at(-1)).toBe('pause')
    await subscription.close()
    expect(link.calls.at(-1)).toBe('resume')
  })

  test('several subscriptions that are full hold the connection until all are read', async () => {
    const [client, server, link] = joinedConnections()
    const topics = createTopics()
    topics.serve(server)
    const full = { highWaterMarkBytes: 100 }
    const [one, other] = await Promise.all([subscribe(client, 'a', full), subscribe(client, 'b', full)])
    for (const topic of ['a', 'b', 'a', 'b']) topics.publish(topic, topic)
    await turns(2)
    expect(link.calls).toEqual(['pause'])
    for (let i = 0; i < 2; i++) await one.receive()
    expect(link.calls).toEqual(['pause'])
    for (let i = 0; i < 2; i++) await other.receive()
    expect(link.calls).toEqual(['pause', 'resume'])
  })

  test('who does not wait for the answer is not subscribed', async () => {
    const { connection, link } = fakeConnection()
    await expect(subscribe(connection, 'a', { timeoutMs: 5 })).rejects.toMatchObject({ code: 'IPC_TIMEOUT' })
    await turn()
    expect(link.sent).toEqual([
      { ipc: 'subscribe', id: 1, topic: 'a' },
      { ipc: 'unsubscribe', id: 1 },
    ])
    const signal = AbortSignal.abort(new Error('not needed'))
    await expect(subscribe(connection, 'a', { signal })).rejects.toMatchObject({ code: 'IPC_ABORTED' })
    expect(link.sent).toHaveLength(2)
    // The answer comes all the same.
    link.events.deliver({ ipc: 'subscribed', id: 1 }, 10)
    link.events.deliver({ ipc: 'published', id: 1, body: 1 }, 10)
    expect(connection.tryReceive()).toBeUndefined()
  })

  test('a subscription ends with its connection, as that does', async () => {
    const [client, server] = joinedConnections()
    const topics = createTopics()
    topics.serve(server)
    const subscription = await subscribe(client, 'a')
    topics.publish('a', 'before the end')
    await server.close()
    expect(await drain(subscription)).toEqual(['before the end'])
    expect(await subscription.closed).toMatchObject({ code: 'IPC_CLOSED' })
    expect(topics.subscribers('a')).toBe(0)

    const { connection, link } = fakeConnection()
    const lost = subscribe(connection, 'a')
    await turn()
    link.events.lost(new IpcError('IPC_PEER_LOST', 'the peer is gone'))
    await expect(lost).rejects.toMatchObject({ code: 'IPC_PEER_LOST' })
    await expect(subscribe(connection, 'a')).rejects.toMatchObject({ code: 'IPC_PEER_LOST' })
  })

  test('nothing collects of a publisher that floods a connection that is closing', async () => {
    const { connection, link } = fakeConnection({ maxBufferedBytes: 2 ** 21 })
    const opening = subscribe(connection, 'a')
    await turn()
    link.events.deliver({ ipc: 'subscribed', id: 1 }, 10)
    const subscription = await opening
    void connection.close().catch(() => {})
    for (let i = 0; i < 100; i++) link.events.deliver({ ipc: 'published', id: 1, body: i }, 2 ** 20)
    link.events.lost(new IpcError('IPC_PEER_LOST', 'the peer is gone'))
    let got = 0
    await expect(
      (async () => {
        for await (const _message of subscription) got++
      })(),
    ).rejects.toSatisfy((error) => isIpcError(error, 'IPC_PEER_LOST'))
    expect(got).toBeGreaterThan(0)
    expect(got).toBeLessThan(20)
  })

  test('a callback that throws disturbs nobody', async () => {
    const [client, server] = joinedConnections()
    const topics = createTopics()
    topics.serve(server)
    const uncaught = vi.fn()
    process.once('uncaughtException', uncaught)
    const subscription = await subscribe(client, 'a')
    const got: unknown[] = []
    subscription.onMessage((message) => {
      got.push(message)
      if (message === 1) throw new Error('on purpose')
    })
    topics.publish('a', 1)
    topics.publish('a', 2)
    await turns(3)
    expect(got).toEqual([1, 2])
    expect(uncaught).toHaveBeenCalledOnce()
  })
})

import { once } from 'node:events'
import { MessageChannel } from 'node:worker_threads'
import { type Connection, msgpack, type Peer, type Transport } from '@ipc/core'
import {
  type BrokerOptions,
  connectQueue,
  connectTopic,
  createBroker,
  mq,
  type PortTarget,
  type QueueAccess,
} from '@ipc/mq'
import { afterEach, describe, expect, test } from 'vitest'
import type { Broker } from '../../src/queue/broker.js'

const endings: (() => unknown)[] = []

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

function aBroker(options: BrokerOptions = {}): Broker {
  const broker = createBroker(options)
  endings.push(() => broker.close())
  return broker
}

/** A connection to a broker in this thread; the broker sees `peer`. */
async function connectTo(broker: Broker, peer?: Partial<Peer>, options: object = {}): Promise<Connection> {
  const { port1, port2 } = new MessageChannel()
  endings.push(() => port1.close())
  const transport: Transport<PortTarget> = mq()
  const listener = await transport.listen(port1, options)
  const [near, far] = await Promise.all([transport.connect(port2, options), listener.accept()])
  await listener.close()
  const seen = new Proxy(far, {
    get(target, key) {
      if (key === 'peer') return { transport: 'mq', ...peer }
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  broker.serve(seen)
  return near
}

describe('a broker', () => {
  test('has the queues it is made with; others only where somebody creates them', async () => {
    const broker = aBroker({ queues: { there: {} } })
    const connection = await connectTo(broker)
    const there = await connectQueue(connection, 'there')
    await expect(connectQueue(connection, 'nowhere')).rejects.toMatchObject({ code: 'IPC_CONNECT_FAILED' })
    const made = await connectQueue(connection, 'made', { create: { maxMessages: 1, whenFull: 'reject' } })
    await made.send(1)
    await expect(made.send(2)).rejects.toMatchObject({ code: 'IPC_QUEUE_FULL' })
    // What is there stays as it is.
    const again = await connectQueue(connection, 'made', { create: { maxMessages: 9 } })
    await expect(again.send(2)).rejects.toMatchObject({ code: 'IPC_QUEUE_FULL' })
    expect((await there.stats()).ready).toBe(0)
  })

  test.each([
    { leaseMs: Number.POSITIVE_INFINITY },
    { deduplicationWindowMs: Number.POSITIVE_INFINITY },
    { backoff: { maxMs: Number.POSITIVE_INFINITY } },
  ])('refuses settings that could not be told to it: %o', async (create) => {
    const connection = await connectTo(aBroker())
    await expect(connectQueue(connection, 'jobs', { create })).rejects.toThrow(RangeError)
  })

  test('a lease without an end is kept over a connection', async () => {
    const broker = aBroker({ queues: { jobs: { leaseMs: 20 } } })
    const jobs = await connectQueue(await connectTo(broker), 'jobs')
    await jobs.sendBatch(['kept', 'clock'].map((body) => ({ body })))
    const kept = await jobs.receive({ leaseMs: Number.POSITIVE_INFINITY })
    await jobs.receive()
    expect((await jobs.receive())?.body).toBe('clock')
    await kept?.ack()
  })

  test('lets each peer do what it may, and nothing else', async () => {
    const asked: [string | undefined, QueueAccess][] = []
    const allowed: Readonly<Record<string, readonly string[]>> = {
      producer: ['send'],
      worker: ['receive', 'inspect'],
      admin: ['manage', 'inspect', 'create'],
    }
    const broker = aBroker({
      queues: { jobs: {} },
      authorize({ identity }, access) {
        asked.push([identity, access])
        if (identity === 'crash') throw new Error('no rule for this one')
        return allowed[identity ?? '']?.includes(access.operation) ?? false
      },
    })
    const as = async (identity: string) => connectQueue(await connectTo(broker, { identity }), 'jobs')
    const denied = expect.objectContaining({ code: 'IPC_PERMISSION_DENIED' })
    for (const nobody of ['stranger', 'crash']) await expect(as(nobody)).rejects.toEqual(denied)
    const producer = await as('producer')
    const worker = await as('worker')
    const admin = await as('admin')
    await producer.send('job')
    await expect(worker.send('x')).rejects.toEqual(denied)
    await expect(producer.receive()).rejects.toEqual(denied)
    await expect(producer.peek()).rejects.toEqual(denied)
    await expect(worker.purge()).rejects.toEqual(denied)
    await expect(admin.consume()[Symbol.asyncIterator]().next()).rejects.toEqual(denied)
    expect((await worker.peek())[0]?.body).toBe('job')
    await (await worker.receive())?.deadLetter('why')
    expect(await admin.redrive()).toBe(1)
    const create = { create: {} }
    const open = async (identity: string) =>
      connectQueue(await connectTo(broker, { identity }), 'fresh', create)
    await expect(open('worker')).rejects.toEqual(denied)
    await expect((await open('admin')).stats()).resolves.toMatchObject({ ready: 0 })
    expect(asked).toContainEqual(['worker', { operation: 'create', kind: 'queue', name: 'fresh' }])
  })

  test('that closes tells everybody, also those that wait', async () => {
    const broker = createBroker({ queues: { jobs: {} } })
    const local = await broker.queue('jobs')
    const remote = await connectQueue(await connectTo(broker), 'jobs')
    const waiting = [local.receive(), remote.receive(), remote.receive({ timeoutMs: 1e9 })]
    const held = remote.consume()[Symbol.asyncIterator]().next()
    await remote.stats()
    await broker.close()
    for (const call of waiting) await expect(call).rejects.toMatchObject({ code: 'IPC_CLOSED' })
    expect((await held).done).toBe(true)
    await expect(remote.send('late')).rejects.toMatchObject({ code: 'IPC_CLOSED' })
    await expect(local.send('late')).rejects.toMatchObject({ code: 'IPC_CLOSED' })
    await Promise.all([local.close(), remote.close(), broker.close()])
    expect(() => broker.serve({} as Connection)).toThrow('closed')
  })

  test('a client that connects again goes on where it was', async () => {
    const broker = aBroker({ queues: { jobs: { leaseMs: 3_600_000 } } })
    const first = await connectTo(broker)
    const jobs = await connectQueue<number>(first, 'jobs')
    await jobs.sendBatch([1, 2, 3].map((body) => ({ body })))
    const held = await jobs.receive()
    first.abort()
    await first.closed
    await expect(held?.ack()).rejects.toMatchObject({ code: 'IPC_LEASE_LOST' })
    const again = await connectQueue<number>(await connectTo(broker), 'jobs')
    const seen: unknown[] = []
    for (let i = 0; i < 3; i++) {
      const delivery = await again.receive()
      seen.push([delivery?.body, delivery?.attempt])
      await delivery?.ack()
    }
    expect(seen).toEqual([
      [1, 2],
      [2, 1],
      [3, 1],
    ])
  })

  test('what was fetched and not taken in time is handed out by nobody else but its new receiver', async () => {
    const broker = aBroker({ queues: { jobs: { leaseMs: 40 } } })
    const jobs = await connectQueue<number>(await connectTo(broker), 'jobs')
    const other = await broker.queue<number>('jobs')
    await other.sendBatch([1, 2, 3].map((body) => ({ body })))
    const iterator = jobs.consume({ prefetch: 4 })[Symbol.asyncIterator]()
    const first = (await iterator.next()).value!
    await once(first.signal, 'abort')
    const again = await other.receiveBatch({ max: 3, leaseMs: 600_000 })
    // Whether the first one was an attempt depends on how soon it was taken.
    expect(again.map(({ body }) => body)).toEqual([1, 2, 3])
    const next = iterator.next()
    await other.send(4)
    expect((await next).value?.body).toBe(4)
    await Promise.all(again.map((delivery) => delivery.ack()))
  })

  test('spreads messages evenly over the consumers that wait', async () => {
    const broker = aBroker({ queues: { jobs: {} } })
    const iterators = []
    for (let i = 0; i < 3; i++) {
      const jobs = await connectQueue<number>(await connectTo(broker), 'jobs')
      iterators.push(jobs.consume({ prefetch: 4 })[Symbol.asyncIterator]())
      void iterators[i]!.next()
      await jobs.stats()
    }
    const local = await broker.queue<number>('jobs')
    await local.sendBatch(Array.from({ length: 12 }, (_, body) => ({ body })))
    for (const [at, iterator] of iterators.entries()) {
      // The first one was taken above.
      const bodies = [1, 2, 3].map(async () => (await iterator.next()).value?.body)
      expect(await Promise.all(bodies)).toEqual([at + 3, at + 6, at + 9])
    }
  })

  test("the application's own messages pass beside queues", async () => {
    const broker = aBroker({ queues: { jobs: {} } })
    const connection = await connectTo(broker)
    const jobs = await connectQueue(connection, 'jobs')
    connection.send({ ipc: 'queue-events', bytes: 'not ours' })
    connection.send('mine')
    await jobs.send(1)
    expect((await jobs.receive())?.body).toBe(1)
    expect(connection.status).toBe('open')
  })

  test.each([
    ['no command', new Uint8Array([250, 1])],
    ['a command that is cut off', new Uint8Array([2, 1, 1, 1, 0, 200])],
    ['a count that is too large', new Uint8Array([5, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1])],
    ['a priority out of range', new Uint8Array([2, 1, 1, 1, 1, 255, 255, 15, 0])],
  ])('a peer that sends %s is cut off, others are not disturbed', async (_what, bytes) => {
    const broker = aBroker({ queues: { jobs: {} } })
    const connection = await connectTo(broker)
    connection.send({ ipc: 'queue-commands', bytes })
    expect((await connection.closed).code).toBe('IPC_ABORTED')
    const jobs = await connectQueue(await connectTo(broker), 'jobs')
    await jobs.send(1)
    expect((await jobs.stats()).ready).toBe(1)
  })

  test('a message that the connection does not carry is a dead letter, and the consumer goes on', async () => {
    const broker = aBroker({ queues: { jobs: {} } })
    const local = await broker.queue<Uint8Array | string>('jobs')
    await local.send(new Uint8Array(300_000))
    await local.send('small')
    const narrow = { codec: msgpack(), maxMessageBytes: 200_000 }
    const jobs = await connectQueue<Uint8Array | string>(await connectTo(broker, {}, narrow), 'jobs')
    await expect(jobs.send(new Uint8Array(300_000))).rejects.toMatchObject({ code: 'IPC_MESSAGE_TOO_LARGE' })
    for await (const delivery of jobs.consume()) {
      expect(delivery.body).toBe('small')
      await delivery.ack()
      break
    }
    const [letter] = await local.deadLetters()
    expect(letter?.reason).toMatch(/^IPC_MESSAGE_TOO_LARGE/)
  })

  test('a loop that is left gives back more than one message of the connection carries', async () => {
    const broker = aBroker({ queues: { jobs: {} } })
    const local = await broker.queue<number>('jobs')
    const all = Array.from({ length: 30_000 }, (_, body) => ({ body }))
    await local.sendBatch(all)
    const narrow = { codec: msgpack(), maxMessageBytes: 100_000 }
    const jobs = await connectQueue<number>(await connectTo(broker, {}, narrow), 'jobs')
    const iterator = jobs.consume({ prefetch: all.length })[Symbol.asyncIterator]()
    await (await iterator.next()).value?.ack()
    while ((await local.stats()).leased < all.length - 1) await jobs.stats()
    await iterator.return?.()
    await expect.poll(async () => (await local.stats()).ready).toBe(all.length - 1)
  })

  test('a body that does not match the schema is a dead letter with the reason', async () => {
    const broker = aBroker()
    const raw = await broker.queue<unknown>('jobs')
    const schema = {
      '~standard': {
        version: 1 as const,
        vendor: 'test',
        validate: (value: unknown) =>
          typeof value === 'number' ? { value } : { issues: [{ message: 'not a number' }] },
      },
    }
    const numbers = await broker.queue<number>('jobs', { schema })
    await raw.sendBatch(['a', 1, 'b', 2].map((body) => ({ body })))
    await expect(numbers.receive()).rejects.toMatchObject({ code: 'IPC_DECODE_FAILED' })
    const seen: number[] = []
    const consumer = numbers.process(({ body }) => {
      seen.push(body)
    })
    const problems: unknown[] = []
    consumer.onError((error) => problems.push(error))
    await expect.poll(() => seen).toEqual([1, 2])
    await consumer.stop()
    expect(problems).toMatchObject([{ code: 'IPC_DECODE_FAILED' }])
    expect(
      (await raw.deadLetters(9)).map(({ body, reason }) => [body, reason.includes('not a number')]),
    ).toEqual([
      ['a', true],
      ['b', true],
    ])
  })
})

describe('topics', () => {
  test('each subscription gets what its patterns mean, once, whether or not anybody is there', async () => {
    const broker = aBroker()
    const connection = await connectTo(broker)
    const events = await connectTopic<string>(connection, 'events')
    const subscriptions = {
      all: await events.subscribe('all'),
      europe: await events.subscribe('europe', { pattern: 'order.eu.*' }),
      orders: await events.subscribe('orders', { pattern: 'order.#' }),
      two: await events.subscribe('two', { pattern: 'order.eu.paid' }),
    }
    await events.subscribe('two', { pattern: '*.*.paid' })
    await subscriptions.orders.close()
    const subjects = ['order.eu.paid', 'order.us.paid', 'order', 'order.eu.sent.late', 'refund.eu.paid']
    const counts: number[] = []
    for (const subject of subjects) counts.push(await events.publish(subject, subject))
    expect(counts).toEqual([4, 3, 2, 2, 2])
    const got: Record<string, unknown[]> = {}
    for (const name of Object.keys(subscriptions)) {
      const queue = await broker.queue<string>(name)
      got[name] = (await queue.receiveBatch({ max: 9, timeoutMs: 0 })).map(({ body }) => body)
    }
    expect(got).toEqual({
      all: subjects,
      europe: ['order.eu.paid'],
      orders: subjects.slice(0, 4),
      two: ['order.eu.paid', 'order.us.paid', 'refund.eu.paid'],
    })
    expect(await events.unsubscribe('all')).toBe(true)
    expect(await events.unsubscribe('all')).toBe(false)
    expect(await events.publish('refund.eu.paid', 'x')).toBe(1)
    expect(await events.publish('nobody', 'x')).toBe(0)
  })

  test('publishing waits for a subscription that is full, or fails for all of them', async () => {
    const broker = aBroker()
    const events = await broker.topic<number>('events')
    const slow = await events.subscribe('slow', { create: { maxMessages: 1 } })
    const fast = await events.subscribe('fast')
    await events.publish('s', 1)
    await expect(events.publish('s', 2, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'IPC_TIMEOUT' })
    const waiting = events.publish('s', 3)
    await (await slow.receive())?.ack()
    expect(await waiting).toBe(2)
    expect((await fast.receiveBatch({ max: 9 })).map(({ body }) => body)).toEqual([1, 2, 3])
    await events.subscribe('strict', { create: { maxMessages: 1, whenFull: 'reject' } })
    await (await slow.receive())?.ack()
    await events.publish('s', 4)
    await (await slow.receive())?.ack()
    await expect(events.publish('s', 5)).rejects.toMatchObject({ code: 'IPC_QUEUE_FULL' })
    expect((await slow.stats()).ready).toBe(0)
  })

  test.each(['', 'a..b', '.a', 'a.*', 'a.#', 'x'.repeat(256)])('%j is no subject', async (subject) => {
    const events = await aBroker().topic('events')
    await expect(events.publish(subject, 1)).rejects.toThrow(TypeError)
  })

  test.each(['', 'a.#.b', 'a*', '#.a'])('%j is no pattern', async (pattern) => {
    const events = await aBroker().topic('events')
    await expect(events.subscribe('q', { pattern })).rejects.toThrow(TypeError)
  })
})

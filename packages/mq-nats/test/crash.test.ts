import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Delivery, MessageQueue } from '@ipc/core'
import type { NatsServer } from '@ipc/debian'
import { jetstreamManager } from '@nats-io/jetstream'
import { expect, test } from 'vitest'
import { namesOf } from '../src/names.js'
import { describeOnServer, type OnServer } from './fixtures/on-server.js'

const COUNT = 20

/** A server, and a queue on it with `COUNT` messages that are leased. */
async function leased(on: OnServer): Promise<{
  readonly server: NatsServer
  readonly queue: MessageQueue<number>
  readonly deliveries: readonly Delivery<number>[]
}> {
  const server = await on.server(['-js'])
  const queue = await on.queue({ create: {} }, await on.connection({ servers: server.url }))
  await queue.sendBatch(Array.from({ length: COUNT }, (_, body) => ({ body })))
  return { server, queue, deliveries: await receive(queue, COUNT) }
}

async function receive(queue: MessageQueue<number>, count: number): Promise<Delivery<number>[]> {
  const deliveries: Delivery<number>[] = []
  while (deliveries.length < count) {
    deliveries.push(...(await queue.receiveBatch({ max: count - deliveries.length })))
  }
  return deliveries
}

/**
 * Kill the server as if every message had been acknowledged, right after it has emptied the file of messages, and before it writes
 * down with which number it goes on. A nats-server 2.9 goes on with the first one.
 */
async function killWhileEmptied(server: NatsServer, queue: MessageQueue<number>): Promise<void> {
  await server.kill()
  const folder = join(server.directory, 'jetstream', '$G', 'streams', namesOf(queue.name).stream, 'msgs')
  for (const file of readdirSync(folder)) if (file.endsWith('.blk')) truncateSync(join(folder, file))
  await server.restart()
}

describeOnServer('a server that was killed right after the last message was acknowledged', (on) => {
  test('delivers what comes then', async () => {
    const { server, queue } = await leased(on)
    await killWhileEmptied(server, queue)
    const { id } = await queue.send(COUNT)
    // Otherwise this tests nothing.
    if (server.version.startsWith('2.9.')) expect(id).toBe('1')
    const [delivery] = await receive(queue, 1)
    expect(delivery?.body).toBe(COUNT)
    await delivery?.ack()
    expect(await queue.stats()).toMatchObject({ ready: 0, leased: 0, bytes: 0 })
  })

  test('takes no acknowledgement of what it has delivered before', async () => {
    const { server, queue, deliveries } = await leased(on)
    await killWhileEmptied(server, queue)
    await queue.sendBatch(deliveries.map((_, at) => ({ body: COUNT + at })))
    for (const delivery of deliveries) {
      await expect(delivery.ack()).rejects.toMatchObject({ code: 'IPC_LEASE_LOST' })
    }
    const bodies = (await receive(queue, COUNT)).map(({ body }) => body)
    expect(bodies).toEqual(deliveries.map((_, at) => COUNT + at))
  })

  test('keeps a dead letter each of messages that have the same number', async () => {
    const { server, queue, deliveries } = await leased(on)
    await deliveries[0]?.deadLetter('before')
    await killWhileEmptied(server, queue)
    await queue.send(COUNT)
    const [delivery] = await receive(queue, 1)
    await delivery?.deadLetter('after')
    const reasons = (await queue.deadLetters(2)).map(({ reason }) => reason)
    expect(reasons).toEqual(['before', 'after'])
  })
})

describeOnServer('a server that was killed', (on) => {
  test('keeps what is leased in a queue that is full, though acknowledged messages are in its file again', async () => {
    const server = await on.server(['-js'])
    const create = { maxMessages: COUNT, whenFull: 'reject' } as const
    const queue = await on.queue({ create }, await on.connection({ servers: server.url }))
    await queue.sendBatch(Array.from({ length: COUNT }, (_, body) => ({ body })))
    // What a server 2.9 says about a file beside it, twice a second at most: which messages are gone, for one.
    const index = join(
      server.directory,
      'jetstream',
      '$G',
      'streams',
      namesOf(queue.name).stream,
      'msgs/1.idx',
    )
    const saved = existsSync(index) ? readFileSync(index) : undefined
    const [first, ...others] = await receive(queue, COUNT)
    await Promise.all(others.map((delivery) => delivery.ack()))
    const later = others.map((_, at) => COUNT + at)
    await queue.sendBatch(later.map((body) => ({ body })))
    await server.kill()
    if (saved !== undefined) writeFileSync(index, saved)
    await server.restart()
    const wanted = new Set([first?.body, ...later])
    while (wanted.size > 0) {
      const [delivery] = await receive(queue, 1)
      wanted.delete(delivery?.body)
      await delivery?.ack()
    }
  })

  test('delivers anew what was leased, and takes no late acknowledgement', async () => {
    const { server, queue, deliveries } = await leased(on)
    await server.restart()
    const again = await receive(queue, COUNT)
    expect(again.map(({ body, attempt }) => [body, attempt])).toEqual(deliveries.map(({ body }) => [body, 1]))
    await expect(deliveries[0]?.ack()).rejects.toMatchObject({ code: 'IPC_LEASE_LOST' })
    expect(deliveries.map(({ signal }) => signal.aborted)).not.toContain(false)
    await Promise.all(again.map((delivery) => delivery.ack()))
    expect(await queue.stats()).toMatchObject({ ready: 0, leased: 0, bytes: 0 })
  })

  test('delivers to all receivers by one consumer, whoever makes it', async () => {
    const server = await on.server(['-js'])
    const options = { servers: server.url }
    const queues = [await on.queue({ create: {} }, await on.connection(options))]
    for (let i = 0; i < 4; i++) queues.push(await on.queue({}, await on.connection(options)))
    const waiting = queues.map((queue) => queue.receive())
    await server.restart()
    await queues[0]!.sendBatch(queues.map((_, body) => ({ body })))
    const bodies = (await Promise.all(waiting)).map((delivery) => delivery?.body)
    expect(bodies.toSorted()).toEqual(queues.map((_, body) => body))
    const manager = await jetstreamManager(await on.connection(options))
    expect(await manager.consumers.list(namesOf(queues[0]!.name).stream).next()).toHaveLength(1)
  })

  test('and a consumer that somebody deletes: receivers go on by themselves', async () => {
    const connection = await on.connection()
    const queue = await on.queue({ create: {} }, connection)
    const waiting = queue.receive()
    const manager = await jetstreamManager(connection)
    const { stream } = namesOf(queue.name)
    const [consumer] = await manager.consumers.list(stream).next()
    await manager.consumers.delete(stream, consumer!.name)
    await queue.send(1)
    expect((await waiting)?.body).toBe(1)
  })
})

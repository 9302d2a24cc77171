import { setTimeout as delay } from 'node:timers/promises'
import type { MessageQueue } from '@ipc/core'
import { startProxy } from '@ipc/faults'
import type { NatsConnection } from '@nats-io/transport-node'
import { expect, test } from 'vitest'
import { describeOnServer } from './fixtures/on-server.js'

/** What a queue that is killed in between owes. */
class History {
  readonly sent = new Set<number>()
  readonly received = new Map<number, number>()

  take(body: number): void {
    this.received.set(body, (this.received.get(body) ?? 0) + 1)
  }

  /** Acknowledged by the server, and never delivered. */
  get lost(): number[] {
    return [...this.sent].filter((body) => !this.received.has(body))
  }

  /** Delivered, and never sent. */
  unexpected(count: number): number[] {
    return [...this.received.keys()].filter((body) => !(body >= 0 && body < count))
  }
}

/** Send `count` numbers, `underWay` at a time, and note those that the server acknowledged. */
async function sendNumbers(
  queue: MessageQueue<number>,
  count: number,
  underWay: number,
  history: History,
): Promise<void> {
  for (let at = 0; at < count; at += underWay) {
    const bodies = Array.from({ length: Math.min(underWay, count - at) }, (_, i) => at + i)
    await Promise.all(bodies.map((body) => queue.send(body).then(() => history.sent.add(body))))
  }
}

describeOnServer('a server that is killed and started again', (on) => {
  test('loses nothing that it acknowledged, and consumers go on by themselves', async () => {
    const COUNT = 6000
    const server = await on.server(['-js'])
    const options = { servers: server.url }
    const sender = await on.queue({ create: { leaseMs: 2000 } }, await on.connection(options))
    const receiver = await on.queue({}, await on.connection(options))
    const history = new History()
    const consumer = receiver.process(({ body }) => history.take(body), { prefetch: 64 })
    const sending = sendNumbers(sender, COUNT, 200, history)
    for (const share of [0.2, 0.5, 0.8]) {
      while (history.sent.size < share * COUNT) await delay(1)
      await server.restart()
    }
    await sending
    expect(history.sent.size).toBe(COUNT)
    while (history.received.size < COUNT) await delay(10)
    await consumer.stop()
    expect(history.lost).toEqual([])
    expect(history.unexpected(COUNT)).toEqual([])
  })

  test('has each message once that was sent again because its answer was lost', async () => {
    const COUNT = 3000
    const { url } = await on.server()
    const { hostname: host, port } = new URL(url)
    await using proxy = await startProxy({ upstream: { host, port: Number(port) }, seed: 7 })
    const { port: proxyPort } = proxy.address as { readonly port: number }
    const sender = await on.queue({ create: {} }, await on.connection({ servers: `127.0.0.1:${proxyPort}` }))
    const history = new History()
    const sending = sendNumbers(sender, COUNT, 300, history)
    for (const share of [0.1, 0.3, 0.5, 0.7, 0.9]) {
      while (history.sent.size < share * COUNT) await delay(1)
      proxy.resetAll()
    }
    await sending
    const receiver = await on.queue({})
    expect(await receiver.stats()).toMatchObject({ ready: COUNT })
    const bodies: number[] = []
    while (bodies.length < COUNT) {
      const deliveries = await receiver.receiveBatch({ max: 500 })
      bodies.push(...deliveries.map(({ body }) => body))
      await Promise.all(deliveries.map((delivery) => delivery.ack()))
    }
    // Each once, and in order.
    expect(bodies).toEqual(Array.from({ length: COUNT }, (_, n) => n))
  })

  test('lets calls wait that are made meanwhile', async () => {
    const server = await on.server(['-js'])
    const connection = await on.connection({ servers: server.url })
    const queue = await on.queue({ create: {} }, connection)
    await queue.send(1)
    const delivery = await queue.receive()
    const cut = nextStatus(connection, 'disconnect')
    await server.kill()
    await cut
    const calls = [queue.send(2), queue.receive(), queue.stats()] as const
    // The server that took note of the lease is gone.
    const acked = expect(delivery!.ack()).rejects.toMatchObject({ code: 'IPC_LEASE_LOST' })
    await expect(queue.receive({ timeoutMs: 30 })).resolves.toBeUndefined()
    await expect(queue.send(3, { timeoutMs: 30 })).rejects.toMatchObject({ code: 'IPC_TIMEOUT' })
    await server.restart()
    const [receipt, received] = await Promise.all(calls)
    expect(receipt.duplicate).toBe(false)
    await acked
    expect(received?.body).toBe(1)
    await received?.ack()
    await (await queue.receive())?.ack()
    expect(await queue.receive({ timeoutMs: 0 })).toBeUndefined()
  })
})

async function nextStatus(connection: NatsConnection, type: string): Promise<void> {
  for await (const status of connection.status()) if (status.type === type) return
}

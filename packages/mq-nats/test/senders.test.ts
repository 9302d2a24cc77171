import { setTimeout as delay } from 'node:timers/promises'
import { isIpcError } from '@ipc/core'
import { expect, test } from 'vitest'
import { describeOnServer } from './fixtures/on-server.js'

const SENDERS = 3
const EACH = 400

interface Numbered {
  readonly sender: number
  readonly n: number
}

describeOnServer('several senders', (on) => {
  test('of a full queue that makes them wait keep their own order, whatever is under way', async () => {
    const receiver = await on.queue<Numbered>({ create: { maxMessages: 40, whenFull: 'wait' } })
    const sends = Array.from({ length: SENDERS }, async (_, sender) => {
      const queue = await on.queue<Numbered>({})
      // All at once: most of them are under way when the queue is full.
      await Promise.all(Array.from({ length: EACH }, (_, n) => queue.send({ sender, n })))
    })
    const seen: number[][] = Array.from({ length: SENDERS }, () => [])
    for (let count = 0; count < SENDERS * EACH; ) {
      const deliveries = await receiver.receiveBatch({ max: 30 })
      for (const { body } of deliveries) seen[body.sender]?.push(body.n)
      await Promise.all(deliveries.map((delivery) => delivery.ack()))
      count += deliveries.length
    }
    await Promise.all(sends)
    const inOrder = Array.from({ length: EACH }, (_, n) => n)
    expect(seen).toEqual(Array.from({ length: SENDERS }, () => inOrder))
    expect(await receiver.stats()).toMatchObject({ ready: 0, leased: 0 })
  })

  test('never fill a queue above its bytes by more than what they have under way, and lose nothing', async () => {
    const maxBytes = 64 * 1024
    const receiver = await on.queue<Uint8Array>({ create: { maxBytes, whenFull: 'wait' } })
    const sends = Array.from({ length: SENDERS }, async () => {
      const queue = await on.queue<Uint8Array>({})
      await Promise.all(Array.from({ length: 100 }, () => queue.send(new Uint8Array(2048))))
    })
    const all = Promise.all(sends)
    let highest = 0
    let last = -1
    while (highest < maxBytes / 2 || last !== highest) {
      last = highest
      await delay(50)
      highest = Math.max(highest, (await receiver.stats()).bytes)
    }
    expect(highest).toBeLessThan(maxBytes * SENDERS)
    let received = 0
    while (received < SENDERS * 100) {
      const deliveries = await receiver.receiveBatch({ max: 20 })
      await Promise.all(deliveries.map((delivery) => delivery.ack()))
      received += deliveries.length
    }
    await all
    expect(await receiver.stats()).toMatchObject({ ready: 0, leased: 0, bytes: 0 })
  })

  test('of a queue that refuses fill it and no more', async () => {
    const create = { maxMessages: 10, whenFull: 'reject' } as const
    const queues = [await on.queue({ create }), await on.queue({}), await on.queue({})]
    const sends = queues.flatMap((queue) => Array.from({ length: 20 }, (_, body) => queue.send(body)))
    const results = await Promise.allSettled(sends)
    const refused = results.filter((each) => each.status === 'rejected')
    expect(refused.every(({ reason }) => isIpcError(reason, 'IPC_QUEUE_FULL'))).toBe(true)
    expect(results.length - refused.length).toBe(10)
    expect(await queues[0]?.stats()).toMatchObject({ ready: 10 })
  })

  test('of a full queue that refuses hear of it without a look at the stream for each message', async () => {
    const queue = await on.queue({ create: { maxMessages: 1, whenFull: 'reject' } })
    await queue.send(0)
    let looks = 0
    const observer = await on.connection()
    observer.subscribe('$JS.API.STREAM.INFO.>', { callback: () => void looks++ })
    await observer.flush()
    const sends = await Promise.allSettled(Array.from({ length: 500 }, (_, body) => queue.send(body)))
    expect(sends.filter(({ status }) => status === 'rejected')).toHaveLength(500)
    await observer.flush()
    expect(looks).toBeGreaterThan(0)
    expect(looks).toBeLessThan(10)
  })

  test('of a full queue hear of a message that is there already', async () => {
    const queue = await on.queue({ create: { maxMessages: 1, whenFull: 'reject' } })
    const { id } = await queue.send(1, { deduplicationId: 'one' })
    expect(await queue.send(1, { deduplicationId: 'one' })).toMatchObject({ id, duplicate: true })
    await expect(queue.send(2, { deduplicationId: 'two' })).rejects.toMatchObject({ code: 'IPC_QUEUE_FULL' })
  })

  test('refused in the midst of a batch leave what was taken, and say how much', async () => {
    const queue = await on.queue({ create: { maxMessages: 25, whenFull: 'reject' } })
    const batch = Array.from({ length: 40 }, (_, body) => ({ body }))
    await expect(queue.sendBatch(batch)).rejects.toMatchObject({
      code: 'IPC_QUEUE_FULL',
      details: { queued: 25 },
    })
    const deliveries = await queue.receiveBatch({ max: 40 })
    expect(deliveries.map(({ body }) => body)).toEqual(batch.slice(0, 25).map(({ body }) => body))
  })
})

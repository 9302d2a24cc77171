import { once } from 'node:events'
import { expect, test } from 'vitest'
import { describeOnServer } from './fixtures/on-server.js'

describeOnServer('the end', (on) => {
  test('of the connection, wanted, settles everything that is pending with IPC_CLOSED', async () => {
    const connection = await on.connection()
    const queue = await on.queue({ create: { maxMessages: 1 } }, connection)
    await queue.send(1)
    const delivery = await queue.receive()
    const consumer = queue.process(() => {})
    const pending = [queue.receive(), queue.receive({ timeoutMs: 1e9 }), queue.send(2), queue.send(3)]
    const checks = pending.map((call) => expect(call).rejects.toMatchObject({ code: 'IPC_CLOSED' }))
    const consuming = queue.consume()[Symbol.asyncIterator]().next()
    await queue.stats()
    const aborted = once(delivery!.signal, 'abort')
    await connection.close()
    await Promise.all([...checks, aborted, consumer.stopped])
    expect((await consuming).done).toBe(true)
    await expect(delivery!.ack()).rejects.toMatchObject({ code: 'IPC_LEASE_LOST' })
    await expect(queue.stats()).rejects.toMatchObject({ code: 'IPC_CLOSED' })
    await queue.close()
  })

  test('of the queue settles everything while the server is away', async () => {
    const server = await on.server(['-js'])
    const connection = await on.connection({ servers: server.url })
    const queue = await on.queue({ create: {} }, connection)
    await queue.send(1)
    const delivery = await queue.receive()
    await server.kill()
    const calls = [queue.send(2), queue.receive()]
    const settled = Promise.all(
      calls.map((call) => expect(call).rejects.toMatchObject({ code: 'IPC_CLOSED' })),
    )
    const next = queue.consume()[Symbol.asyncIterator]().next()
    const acked = delivery!.ack().catch((error) => error)
    await queue.close()
    await settled
    expect((await next).done).toBe(true)
    expect(await acked).toMatchObject({ code: 'IPC_LEASE_LOST' })
  })

  test('of a connection that gives up is IPC_PEER_LOST', async () => {
    const server = await on.server(['-js'])
    const connection = await on.connection({ servers: server.url, maxReconnectAttempts: 2 })
    const queue = await on.queue({ create: {} }, connection)
    const received = expect(queue.receive()).rejects.toMatchObject({ code: 'IPC_PEER_LOST' })
    await server.kill()
    await received
    await expect(queue.send(1)).rejects.toMatchObject({ code: 'IPC_PEER_LOST' })
    await queue.close()
  })
})

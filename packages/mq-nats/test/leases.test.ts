import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { PACKAGES_CONDITION } from '@ipc/conformance/packages-condition'
import type { Delivery } from '@ipc/core'
import { jetstreamManager } from '@nats-io/jetstream'
import { expect, test } from 'vitest'
import { describeOnServer } from './fixtures/on-server.js'

describeOnServer('a lease', (on) => {
  test('that is longer than the server would wait is renewed', async () => {
    // The server waits for 1050 ms.
    const queue = await on.queue({ create: { leaseMs: 50 } })
    const other = await on.queue({})
    await queue.send(1)
    const delivery = await queue.receive({ leaseMs: 60_000 })
    await delay(2500)
    expect(await other.receive({ timeoutMs: 0 })).toBeUndefined()
    expect(delivery?.signal.aborted).toBe(false)
    await delivery?.ack()
    expect(await other.stats()).toMatchObject({ ready: 0, leased: 0 })
  })

  test('of a receiver that is killed is over when the server has waited for it', async () => {
    const { url } = await on.server()
    const queue = await on.queue({ create: { leaseMs: 200 } })
    await queue.send(7)
    const child = fork(fileURLToPath(new URL('./fixtures/receiver.ts', import.meta.url)), [url, queue.name], {
      execArgv: ['--import', import.meta.resolve('tsx'), PACKAGES_CONDITION],
    })
    expect((await once(child, 'message'))[0]).toEqual({ body: 7 })
    child.kill('SIGKILL')
    const again = await queue.receive()
    expect([again?.body, again?.attempt]).toEqual([7, 2])
  })

  test('is over when the event loop was blocked for longer, and no ack leaves then', async () => {
    const queue = await on.queue({ create: { leaseMs: 50 } })
    await queue.send(1)
    const delivery = await queue.receive()
    const until = performance.now() + 80
    while (performance.now() < until);
    await expect(delivery!.ack()).rejects.toMatchObject({ code: 'IPC_LEASE_LOST' })
    expect((await queue.receive())?.attempt).toBe(2)
  })

  test('that was given back often enough makes a dead letter, whoever had it', async () => {
    const queue = await on.queue({ create: { maxAttempts: 2 } })
    await queue.send(1)
    for (let i = 0; i < 2; i++) {
      // A receiver that ends without a word: the server gives the message to the next one.
      const connection = await on.connection()
      const receiver = await on.queue({}, connection)
      const delivery = await receiver.receive({ leaseMs: 20 })
      expect(delivery?.attempt).toBe(i + 1)
      const { signal } = delivery as Delivery<number>
      if (!signal.aborted) await once(signal, 'abort')
    }
    await expect.poll(async () => (await queue.stats()).dead).toBe(1)
    expect((await queue.deadLetters())[0]).toMatchObject({ body: 1, attempt: 2, reason: 'max attempts' })
  })

  test('is lost with the queue, which the server deleted', async () => {
    const connection = await on.connection()
    const queue = await on.queue({ create: {} }, connection)
    await queue.send(1)
    const delivery = await queue.receive()
    const waiting = queue.receive()
    const lost = expect(waiting).rejects.toMatchObject({ code: 'IPC_PEER_LOST' })
    const manager = await jetstreamManager(connection)
    for await (const { config } of manager.streams.list()) await manager.streams.delete(config.name)
    await expect(delivery!.ack()).rejects.toMatchObject({ code: 'IPC_LEASE_LOST' })
    await expect(queue.send(2)).rejects.toMatchObject({ code: 'IPC_PEER_LOST' })
    await lost
    await expect(queue.stats()).rejects.toMatchObject({ code: 'IPC_PEER_LOST' })
    await queue.close()
  })
})

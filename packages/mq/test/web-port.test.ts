import { MessageChannel } from 'node:worker_threads'
import { mq } from '@ipc/mq'
import { describe, expect, test } from 'vitest'
import { launchWorker } from './fixtures/launch.js'
import { failure } from './fixtures/ports.js'
import { webOnly } from './fixtures/web-only.js'

describe('ports of the web', () => {
  test.each([{ started: false }, { started: true }])('connect, talk and close (%o)', async (shape) => {
    const { port1, port2 } = new MessageChannel()
    const [one, two] = [webOnly(port1, shape), webOnly(port2, shape)]
    const listener = await mq().listen<string>(two)
    const [near, far] = await Promise.all([mq().connect<string>(one), listener.accept()])
    expect(near.peer).toEqual({ transport: 'mq' })
    near.send('hello')
    expect(await far.receive()).toBe('hello')
    far.send('welcome')
    expect(await near.receive()).toBe('welcome')
    near.unref()
    near.ref()
    await Promise.all([near.close(), listener.close()])
    expect([one.listeners, two.listeners]).toEqual([0, 0])
    port1.close()
  })

  test('a buffer is transferred', async () => {
    const { port1, port2 } = new MessageChannel()
    const listener = await mq().listen<Uint8Array>(webOnly(port2))
    const [near, far] = await Promise.all([mq().connect<Uint8Array>(webOnly(port1)), listener.accept()])
    const bytes = new Uint8Array(10).fill(1)
    near.send(bytes, { transfer: [bytes.buffer] })
    expect(bytes.byteLength).toBe(0)
    expect(await far.receive()).toEqual(new Uint8Array(10).fill(1))
    port1.close()
  })

  test('where the port tells of its end, that is IPC_PEER_LOST', async () => {
    const { port1, port2 } = new MessageChannel()
    const listener = await mq().listen(webOnly(port2))
    const [near, far] = await Promise.all([mq().connect(webOnly(port1)), listener.accept()])
    port2.close()
    expect((await failure(near.receive())).code).toBe('IPC_PEER_LOST')
    expect((await far.closed).code).toBe('IPC_PEER_LOST')
  })

  test('nothing of Node is needed at run time', async () => {
    const { port1, port2 } = new MessageChannel()
    const worker = launchWorker(new URL('./fixtures/no-node.ts', import.meta.url), { port: port2 }, [port2])
    const connection = await mq().connect<unknown>(port1)
    const messages = ['text', new Uint8Array([1, 2]), { nested: [new Map([[1, 2]])] }]
    for (const message of messages) connection.send(message)
    for (const message of messages) expect(await connection.receive()).toStrictEqual(message)
    await connection.close()
    await worker.terminate()
  })
})

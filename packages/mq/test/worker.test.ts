import { once } from 'node:events'
import { MessageChannel, type Worker } from 'node:worker_threads'
import { mq } from '@ipc/mq'
import { afterEach, describe, expect, test } from 'vitest'
import { launchWorker } from './fixtures/launch.js'
import { failure } from './fixtures/ports.js'

describe('workers', () => {
  const workers: Worker[] = []

  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.terminate()
  })

  function start(task: string): Worker {
    const worker = launchWorker(new URL('./fixtures/worker.ts', import.meta.url), { task })
    workers.push(worker)
    return worker
  }

  test('a worker ends by itself after its only connection was closed', async () => {
    const worker = start('echo until the end, then return')
    const connection = await mq().connect<string>(worker)
    expect(connection.peer).toEqual({ transport: 'mq', threadId: worker.threadId })
    connection.send('there and back')
    expect(await connection.receive()).toBe('there and back')
    const exited = once(worker, 'exit')
    await connection.close()
    expect(await exited).toEqual([0])
    expect(worker.listenerCount('message')).toBe(0)
  })

  test('all that a worker posted before it exited arrives before IPC_PEER_LOST', async () => {
    const worker = start('send and exit')
    const listener = await mq().listen<{ i: number }>(worker)
    const connection = await listener.accept()
    const received: number[] = []
    const ending = (async () => {
      for await (const { i } of connection) received.push(i)
    })()
    const error = await failure(ending)
    expect([error.code, error.details]).toEqual(['IPC_PEER_LOST', { exitCode: 3 }])
    expect(received).toEqual(Array.from({ length: 2000 }, (_, i) => i))
    await expect(listener.accept()).rejects.toMatchObject({ code: 'IPC_CLOSED' })
  })

  test('a worker that exits while connect waits is IPC_CONNECT_FAILED', async () => {
    const worker = start('exit without listening')
    const error = await failure(mq().connect(worker))
    expect([error.code, error.message]).toEqual([
      'IPC_CONNECT_FAILED',
      expect.stringContaining('exited with code 4'),
    ])
    expect((await failure(mq().connect(worker))).code).toBe('IPC_CONNECT_FAILED')
  })

  test('terminate is noticed by every connection, and by the listener', async () => {
    const worker = start('listen and wait')
    const listener = await mq().listen(worker)
    const connections = await Promise.all([1, 2, 3].map(() => mq().connect(worker)))
    for (const connection of connections) expect(await connection.receive()).toBe('welcome')
    const receives = connections.map((connection) => failure(connection.receive()))
    await worker.terminate()
    for (const error of await Promise.all(receives)) expect(error.code).toBe('IPC_PEER_LOST')
    await expect(listener.accept()).rejects.toMatchObject({ code: 'IPC_CLOSED' })
    expect(['message', 'messageerror', 'exit'].map((name) => worker.listenerCount(name))).toEqual([0, 0, 0])
  })

  test('a worker that throws is reported to the application as ever, and lost to its connection', async () => {
    const worker = start('throw')
    const errored = once(worker, 'error')
    const listener = await mq().listen<string>(worker)
    const connection = await listener.accept()
    connection.send('go on')
    expect((await errored)[0]).toMatchObject({ message: 'the worker failed' })
    expect((await connection.closed).error?.details).toEqual({ exitCode: 1 })
  })

  test('a worker with the other end of a channel that is terminated is lost', async () => {
    const { port1, port2 } = new MessageChannel()
    const worker = launchWorker(
      new URL('./fixtures/worker.ts', import.meta.url),
      { task: 'listen and wait', port: port2 },
      [port2],
    )
    workers.push(worker)
    const connection = await mq().connect(port1)
    expect(await connection.receive()).toBe('welcome')
    const lost = connection.closed
    await worker.terminate()
    expect((await lost).code).toBe('IPC_PEER_LOST')
  })
})

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mqProcess } from '@ipc/mq'
import { afterEach, describe, expect, test } from 'vitest'
import { launchChild } from './fixtures/launch.js'
import { failure } from './fixtures/ports.js'

const children: ChildProcess[] = []
const file = new URL('./fixtures/child.ts', import.meta.url)

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

describe.each(['advanced', 'json'] as const)('child processes (%s)', (serialization) => {
  function start(task: string): ChildProcess {
    const child = launchChild(file, task, serialization)
    children.push(child)
    return child
  }

  test('what JSON cannot carry comes back as it was, and the child then ends by itself', async () => {
    const child = start('echo until the end')
    const connection = await mqProcess().connect(child)
    expect(connection.peer).toEqual({ transport: 'mq-process', pid: child.pid })
    const messages = [
      new Uint8Array([0, 255, 128]),
      { date: new Date(0), set: ['ü', Number.NaN, -0] },
      'x'.repeat(200_000),
      new Uint8Array(300_000).map((_, i) => i * 7),
    ]
    for (const message of messages) connection.send(message)
    for (const message of messages) expect(await connection.receive()).toStrictEqual(message)
    const exited = once(child, 'exit')
    await connection.close()
    expect(await exited).toEqual([0, null])
    expect(['message', 'disconnect'].map((name) => child.listenerCount(name))).toEqual([0, 0])
  })

  test.each([
    ['send and exit', 'exited with code 5'],
    ['send and be killed', 'killed by SIGKILL'],
  ])('all that a child sent before it died arrives before IPC_PEER_LOST (%s)', async (task) => {
    const child = start(task)
    const listener = await mqProcess().listen<{ i: number }, string>(child)
    const connection = await listener.accept()
    const received: number[] = []
    const ending = (async () => {
      for await (const { i } of connection) {
        if (received.push(i) === 500) connection.send('go on')
      }
    })()
    expect((await failure(ending)).code).toBe('IPC_PEER_LOST')
    expect(received).toEqual(Array.from({ length: 1000 }, (_, i) => i))
    await expect(listener.accept()).rejects.toMatchObject({ code: 'IPC_CLOSED' })
    expect((await failure(mqProcess().connect(child))).code).toBe('IPC_CONNECT_FAILED')
  })

  test('SIGKILL settles everything that is pending', async () => {
    const child = start('serve until the parent is gone')
    const connection = await mqProcess().connect(child)
    expect(await connection.receive()).toBe('welcome')
    const second = await mqProcess().connect(child)
    expect(await second.receive()).toBe('welcome')
    const pending = [failure(connection.receive()), failure(second.receive()), failure(second.receive())]
    child.kill('SIGKILL')
    for (const error of await Promise.all(pending)) expect(error.code).toBe('IPC_PEER_LOST')
    expect((await connection.closed).error?.details).toEqual({ pid: child.pid })
    await connection.close()
  })

  test("the application's own messages on the channel are left alone, both ways", async () => {
    const child = start('serve until the parent is gone')
    const own: unknown[] = []
    child.on('message', (message) => {
      if (!Array.isArray(message)) own.push(message)
    })
    const connection = await mqProcess().connect(child)
    expect(await connection.receive()).toBe('welcome')
    for (const message of ['text', 7, { a: [1] }, ['@ipc/mq'], null]) {
      const echo = once(child, 'message')
      child.send(message as never)
      expect(await echo).toEqual([{ echoed: message }, undefined])
    }
    expect(own).toHaveLength(5)
    expect(connection.status).toBe('open')
    await connection.close()
  })

  test('a child whose channel is closed by this side ends its listener and its connections', async () => {
    const child = start('serve until the parent is gone')
    const connection = await mqProcess().connect(child)
    await connection.receive()
    const exited = once(child, 'exit')
    child.disconnect()
    expect((await connection.closed).code).toBe('IPC_PEER_LOST')
    expect(await exited).toEqual([0, null])
    connection.abort()
  })

  test('a child that exits while connect waits is IPC_CONNECT_FAILED', async () => {
    const child = start('exit without listening')
    const error = await failure(mqProcess().connect(child))
    expect([error.code, error.cause]).toEqual([
      'IPC_CONNECT_FAILED',
      expect.objectContaining({ code: 'IPC_PEER_LOST', details: { pid: child.pid } }),
    ])
  })

  test('the child can connect, one connection after the other', async () => {
    const child = start('connect to two listeners')
    const names: unknown[] = []
    for await (const connection of await mqProcess().listen(child)) {
      for await (const name of connection) names.push(name)
    }
    expect(names).toEqual(['first', 'second'])
  })

  test('closing a connection leaves the channel open', async () => {
    const child = start('close and go on')
    const listener = await mqProcess().listen(child)
    const told = new Promise((resolve) => {
      child.on('message', (message) => {
        if (!Array.isArray(message)) resolve(message)
      })
    })
    await listener.accept()
    expect(await told).toEqual({ connected: true })
    await listener.close()
  })
})

test('a program that cannot be started is IPC_CONNECT_FAILED; its error stays with the application', async () => {
  const child = fork('nothing.js', [], { execPath: '/nonexistent/node' })
  const errored = once(child, 'error')
  expect((await failure(mqProcess().connect(child))).code).toBe('IPC_CONNECT_FAILED')
  expect((await errored)[0]).toMatchObject({ code: 'ENOENT' })
})

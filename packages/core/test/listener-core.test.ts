import { describe, expect, test, vi } from 'vitest'
import { type Connection, IpcError } from '../src/index.js'
import { createListener, DEFAULT_BACKLOG, type FedListener } from '../src/internal.js'
import { fakeConnection } from './fake-link.js'

type Fake = FedListener<unknown, unknown, string>

function fakeListener(backlog?: number): { listener: Fake; calls: string[] } {
  const calls: string[] = []
  const source = {
    address: 'here',
    async stop() {
      calls.push('stop')
    },
    ref: () => void calls.push('ref'),
    unref: () => void calls.push('unref'),
  }
  return { listener: createListener<unknown, unknown, string>(source, backlog), calls }
}

describe('Listener', () => {
  test('gives connections in the order they came, to those who wait longest', async () => {
    const { listener } = fakeListener()
    const [a, b, c] = [0, 1, 2].map(() => fakeConnection().connection) as [Connection, Connection, Connection]
    const accepted = [listener.accept(), listener.accept()]
    for (const connection of [a, b, c]) listener.offer(connection)
    expect(await Promise.all([...accepted, listener.accept()])).toEqual([a, b, c])
    expect(listener.address).toBe('here')
  })

  test('has room for as many as its backlog says', async () => {
    const { listener } = fakeListener(2)
    listener.offer(fakeConnection().connection)
    expect(listener.accepting).toBe(true)
    listener.offer(fakeConnection().connection)
    expect(listener.accepting).toBe(false)
    await listener.accept()
    expect(listener.accepting).toBe(true)
    expect(DEFAULT_BACKLOG).toBe(128)
  })

  test.each([0, -1, 1.5, Number.NaN])('refuses a backlog of %d', (backlog) => {
    expect(() => fakeListener(backlog)).toThrow(RangeError)
  })

  test('close stops the source once, rejects pending accepts and aborts what nobody accepted', async () => {
    const { listener, calls } = fakeListener()
    const waiting = fakeConnection().connection
    listener.offer(waiting)
    await Promise.all([listener.close(), listener.close(), listener[Symbol.asyncDispose]()])
    expect(calls).toEqual(['stop'])
    expect(waiting.status).toBe('closed')
    await expect(listener.accept()).rejects.toMatchObject({ code: 'IPC_CLOSED' })
    expect(listener.accepting).toBe(false)
    const late = fakeConnection().connection
    listener.offer(late)
    expect((await late.closed).code).toBe('IPC_ABORTED')
  })

  test('close rejects pending accepts', async () => {
    const { listener } = fakeListener()
    const checks = [listener.accept(), listener.accept({ timeoutMs: 1e9 })].map((accept) =>
      expect(accept).rejects.toMatchObject({ code: 'IPC_CLOSED' }),
    )
    await listener.close()
    await Promise.all(checks)
  })

  test('accept ends by time and by signal', async () => {
    const { listener } = fakeListener()
    await expect(listener.accept({ timeoutMs: 1 })).rejects.toMatchObject({ code: 'IPC_TIMEOUT' })
    await expect(listener.accept({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'IPC_ABORTED',
    })
  })

  test('iteration gives each connection and ends at close', async () => {
    const { listener } = fakeListener()
    const onConnection = vi.fn()
    const iteration = (async () => {
      for await (const connection of listener) onConnection(connection)
    })()
    const { connection } = fakeConnection()
    listener.offer(connection)
    await vi.waitFor(() => expect(onConnection).toHaveBeenCalledWith(connection))
    await listener.close()
    await iteration
  })

  test('once its way is gone gives those that wait, then IPC_CLOSED with the cause', async () => {
    const { listener } = fakeListener()
    const { connection } = fakeConnection()
    listener.offer(connection)
    const cause = new IpcError('IPC_PEER_LOST', 'the port is gone')
    listener.end(cause)
    expect(await listener.accept()).toBe(connection)
    await expect(listener.accept()).rejects.toMatchObject({ code: 'IPC_CLOSED', cause })
    for await (const _ of listener) throw new Error('no connection is left')
  })

  test('ref and unref reach the source', () => {
    const { listener, calls } = fakeListener()
    listener.unref()
    listener.ref()
    expect(calls).toEqual(['unref', 'ref'])
  })
})

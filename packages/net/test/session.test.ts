import type { Connection, IpcError, Listener } from '@ipc/core'
import { type FaultProxy, refuse } from '@ipc/faults'
import { type Fates, type NetOptions, net, type SessionState, sessionOf } from '@ipc/net'
import { afterEach, describe, expect, test } from 'vitest'
import { proxyTo } from './fixtures/proxy-to.js'

const FAST = { firstMs: 5, longestMs: 20 }
const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

interface Through {
  readonly proxy: FaultProxy
  readonly listener: Listener<number, number>
  readonly client: Connection<number, number>
  readonly server: Connection<number, number>
}

/** A connection through a proxy that cuts. */
async function through(
  options: NetOptions = {},
  limits: { highWaterMarkBytes?: number } = {},
): Promise<Through> {
  const transport = net({ reconnect: FAST, ...options })
  const listener = await transport.listen<number, number>('tcp://127.0.0.1:0', limits)
  const { proxy, address } = await proxyTo(listener.address)
  const [client, server] = await Promise.all([
    transport.connect<number, number>(address, limits),
    listener.accept(),
  ])
  ends.push(
    () => listener.close(),
    () => proxy.close(),
    () => server.abort(),
    () => client.abort(),
  )
  return { proxy, listener, client, server }
}

async function sendAll(connection: Connection<number, number>, count: number): Promise<void> {
  for (let number = 0; number < count; number++) {
    if (!connection.send(number)) await connection.drained()
    else if (number % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

async function receiveAll(connection: Connection<number, number>, count: number): Promise<void> {
  for (let number = 0; number < count; number++) expect(await connection.receive()).toBe(number)
}

/** Resolves when the session is in that state. */
function untilState(connection: Connection<number, number>, state: SessionState): Promise<void> {
  return new Promise((resolve) => {
    const session = sessionOf(connection)
    if (session?.state === state) resolve()
    session?.onState((now) => {
      if (now === state) resolve()
    })
  })
}

describe('a connection whose socket is cut', () => {
  test.each([
    ['large', {}],
    ['small', { highWaterMarkBytes: 600 }],
  ])(
    'loses and repeats nothing in either direction, with %s marks',
    async (_, limits) => {
      const { proxy, client, server } = await through({}, limits)
      const COUNT = 20_000
      let isOver = false
      const cuts = (async () => {
        while (!isOver) {
          await untilState(client, 'connected')
          await new Promise((resolve) => setTimeout(resolve, 2 + 20 * Math.random()))
          proxy.resetAll()
        }
      })()
      await Promise.all([
        sendAll(client, COUNT),
        sendAll(server, COUNT),
        receiveAll(client, COUNT),
        receiveAll(server, COUNT),
      ])
      isOver = true
      await cuts
      await untilState(client, 'connected')
      console.log(`the session went on ${sessionOf(client)?.resumes} times`)
      expect(sessionOf(client)?.resumes).toBeGreaterThan(3)
      await Promise.all([client.close(), server.close()])
      expect(await client.closed).toMatchObject({ code: undefined, unsent: { messages: 0 } })
      expect(sessionOf(client)?.state).toBe('ended')
    },
    60_000,
  )

  test('closes in order, wherever in the closing it is cut', async () => {
    for (let round = 0; round < 40; round++) {
      const { proxy, client, server } = await through()
      for (let number = 0; number < 10; number++) {
        client.send(number)
        server.send(number)
      }
      const closing = [client.close(), server.close()]
      // Some turns of the event loop later.
      for (let turn = 0; turn < round % 20; turn++) await new Promise((resolve) => setImmediate(resolve))
      proxy.resetAll()
      await Promise.all(closing)
      await Promise.all([receiveAll(client, 10), receiveAll(server, 10)])
      await proxy.close()
    }
  }, 60_000)

  test('takes messages meanwhile, up to its limits, and tells of its states', async () => {
    const { proxy, client, server } = await through({}, { highWaterMarkBytes: 1000 })
    const states: SessionState[] = []
    sessionOf(client)?.onState((state) => states.push(state))
    proxy.setToxics({ connection: [refuse()] })
    proxy.resetAll()
    await untilState(client, 'reconnecting')
    let count = 0
    while (client.send(count++));
    expect(client.stats().bufferedMessages).toBe(count)
    expect(client.status).toBe('open')
    proxy.setToxics({})
    await Promise.all([client.drained(), receiveAll(server, count)])
    expect(states).toEqual(['reconnecting', 'connected'])
    expect(sessionOf(server)).toMatchObject({ state: 'connected', resumes: 1 })
  })

  test('is gone over to another one at once, when the old one only seems to be there', async () => {
    const { proxy, client, server } = await through({ silenceMs: 400 })
    client.send(0)
    expect(await server.receive()).toBe(0)
    proxy.pauseAll()
    await untilState(client, 'reconnecting')
    proxy.resumeAll()
    client.send(1)
    server.send(2)
    expect([await server.receive(), await client.receive()]).toEqual([1, 2])
  })
})

describe('a session that cannot go on', () => {
  test('ends with IPC_SESSION_LOST that names what became of each message, when the listener was restarted', async () => {
    const { proxy, client, server, listener } = await through({}, { highWaterMarkBytes: 1000 })
    for (let number = 0; number < 5; number++) client.send(number)
    await receiveAll(server, 5)
    while (client.stats().bufferedMessages > 0) await new Promise((resolve) => setImmediate(resolve))
    proxy.pauseAll()
    client.send(5)
    client.send(6)
    await new Promise((resolve) => setImmediate(resolve))
    proxy.setToxics({ connection: [refuse()] })
    proxy.resetAll()
    await untilState(client, 'reconnecting')
    for (let number = 7; number < 10; number++) client.send(number)
    server.abort()
    await listener.close()
    const again = await net().listen<number, number>(listener.address)
    ends.push(() => again.close())
    proxy.resumeAll()
    proxy.setToxics({})
    const { code, error, unsent } = await client.closed
    expect(code).toBe('IPC_SESSION_LOST')
    const fates: Fates = { delivered: 5, unknown: { from: 5, to: 6 }, unsent: { from: 7, to: 9 } }
    expect((error as IpcError).details).toEqual(fates)
    expect(unsent.messages).toBe(3)
    await expect(client.receive()).rejects.toMatchObject({ code: 'IPC_SESSION_LOST' })
  })

  test('ends with IPC_PEER_LOST when nobody is to be reached for as long as the caller waits', async () => {
    const { proxy, client } = await through({ reconnect: { ...FAST, giveUpAfterMs: 50 } })
    client.send(1)
    proxy.setToxics({ connection: [refuse()] })
    proxy.resetAll()
    expect(await client.closed).toMatchObject({ code: 'IPC_PEER_LOST', by: 'transport' })
  })

  test('ends at the listener when the dialer does not come back in time', async () => {
    const { proxy, client, server } = await through({ resume: { windowMs: 50 } })
    proxy.setToxics({ connection: [refuse()] })
    proxy.resetAll()
    expect(await server.closed).toMatchObject({ code: 'IPC_PEER_LOST', by: 'transport' })
    proxy.setToxics({})
    expect(await client.closed).toMatchObject({ code: 'IPC_SESSION_LOST' })
  })

  test('ends without waiting where one side does not want it', async () => {
    const listener = await net({ resume: false }).listen<number, number>('tcp://127.0.0.1:0')
    const { proxy, address } = await proxyTo(listener.address)
    const client = await net().connect<number, number>(address)
    ends.push(
      () => listener.close(),
      () => proxy.close(),
      () => client.abort(),
    )
    expect(sessionOf(client)).toBeUndefined()
    proxy.resetAll()
    expect(await client.closed).toMatchObject({ code: 'IPC_PEER_LOST' })
  })
})

describe('silence', () => {
  test('of a peer ends a connection without a session', async () => {
    const { proxy, client, server } = await through({ resume: false, silenceMs: 200 })
    proxy.pauseAll()
    for (const connection of [client, server]) {
      expect(await connection.closed).toMatchObject({ code: 'IPC_PEER_LOST' })
    }
  })

  test('does not come about between two that have nothing to say', async () => {
    const { client, server } = await through({ resume: false, silenceMs: 200 })
    await new Promise((resolve) => setTimeout(resolve, 1000))
    expect([client.status, server.status]).toEqual(['open', 'open'])
  })

  test("is nobody else's when this process stands still", async () => {
    const { client, server } = await through({ resume: false, silenceMs: 400 })
    const end = performance.now() + 1500
    while (performance.now() < end);
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect([client.status, server.status]).toEqual(['open', 'open'])
  })
})

describe('several addresses', () => {
  test('are tried in their order', async () => {
    const listener = await net().listen<number, number>('tcp://127.0.0.1:0')
    const gone = await net().listen('tcp://127.0.0.1:0')
    await gone.close()
    const client = await net().connect<number, number>(`${gone.address},${listener.address}`)
    ends.push(
      () => listener.close(),
      () => client.abort(),
    )
    const server = await listener.accept()
    client.send(1)
    expect(await server.receive()).toBe(1)
    await expect(net().connect(`${gone.address},${gone.address}`)).rejects.toMatchObject({
      code: 'IPC_CONNECT_FAILED',
    })
  })
})

describe('options', () => {
  test.each([
    [{ resume: { windowMs: Number.POSITIVE_INFINITY } }, RangeError],
    [{ resume: { windowMs: -1 } }, RangeError],
    [{ resume: 'yes' }, TypeError],
    [{ reconnect: { firstMs: 2 ** 31 } }, RangeError],
    [{ reconnect: { longestMs: Number.POSITIVE_INFINITY } }, RangeError],
    [{ reconnect: { giveUpAfterMs: Number.NaN } }, RangeError],
    [{ silenceMs: 6_553_501 }, RangeError],
    [{ silenceMs: Number.NaN }, RangeError],
  ])('%j are refused at once', (options, error) => {
    expect(() => net(options as NetOptions)).toThrow(error)
  })
})

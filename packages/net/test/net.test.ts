import { bytes } from '@ipc/core'
import { type Connection, net } from '@ipc/net'
import { describe, expect, test } from 'vitest'
import { MAX_FRAME_BYTES } from '../src/greeting.js'
import { guardedLookup } from '../src/loopback.js'
import { run } from './fixtures/run.js'

const transport = net()

async function connected(
  options: Parameters<typeof transport.connect>[1] = {},
): Promise<[near: Connection, far: Connection]> {
  const listener = await transport.listen('tcp://127.0.0.1:0', options)
  const pair = await Promise.all([transport.connect(listener.address, options), listener.accept()])
  await listener.close()
  return pair
}

describe('net', () => {
  test('capabilities are plain JSON and name the model', () => {
    expect(JSON.parse(JSON.stringify(transport.capabilities))).toEqual(transport.capabilities)
    expect(transport.name).toBe('net')
    expect(transport.capabilities).toMatchObject({
      model: 'message-passing',
      reach: 'machine',
      encodes: true,
    })
  })

  test.each([{ insecure: 'yes' }, { handshakeTimeoutMs: -1 }, { handshakeTimeoutMs: Number.NaN }])(
    'option %j is refused at once',
    (options) => {
      expect(() => net(options as object)).toThrow(/insecure must be|handshakeTimeoutMs must be/)
    },
  )

  test.each(['tcp://127.0.0.1:0', 'tcp://[::1]:0', 'tcp://localhost:0'])(
    'listen at %s gives the address to connect to',
    async (address) => {
      const listener = await transport.listen(address)
      expect(listener.address).toMatch(
        new RegExp(`^${address.slice(0, -1).replace(/[[\]]/g, '\\$&')}[1-9]\\d*$`),
      )
      const near = await transport.connect(listener.address)
      const far = await listener.accept()
      expect(near.peer).toEqual({ transport: 'net', address: listener.address })
      expect(far.peer.address).toMatch(/^tcp:\/\/(127\.0\.0\.1|\[::1\]):\d+$/)
      await near.close()
      await listener.close()
    },
  )

  test('port 0 is a TypeError in connect', async () => {
    await expect(transport.connect('tcp://127.0.0.1:0')).rejects.toThrow(TypeError)
  })

  test('a port in use is IPC_ADDRESS_IN_USE, an address of another machine IPC_CONNECT_FAILED', async () => {
    const listener = await transport.listen('tcp://127.0.0.1:0')
    await expect(transport.listen(listener.address)).rejects.toMatchObject({ code: 'IPC_ADDRESS_IN_USE' })
    await listener.close()
    const elsewhere = net({ insecure: true }).listen('tcp://192.0.2.1:0')
    await expect(elsewhere).rejects.toMatchObject({ code: 'IPC_CONNECT_FAILED' })
  })

  test('a refused connection says what to do', async () => {
    const listener = await transport.listen('tcp://localhost:0')
    await listener.close()
    await expect(transport.connect(listener.address)).rejects.toMatchObject({
      code: 'IPC_CONNECT_FAILED',
      message: `cannot connect to ${listener.address}: nobody listens there: start the listener first`,
      details: { systemCode: 'ECONNREFUSED' },
    })
  })

  test('listen with an aborted signal rejects IPC_ABORTED and leaves nobody listening', async () => {
    const aborted = transport.listen('tcp://127.0.0.1:0', { signal: AbortSignal.abort() })
    await expect(aborted).rejects.toMatchObject({ code: 'IPC_ABORTED' })
    const controller = new AbortController()
    const listening = transport.listen('tcp://127.0.0.1:0', { signal: controller.signal })
    controller.abort()
    await expect(listening).rejects.toMatchObject({ code: 'IPC_ABORTED' })
  })
})

describe('without insecure', () => {
  test.each(['tcp://0.0.0.0:0', 'tcp://[::]:0', 'tcp://192.0.2.1:0'])(
    '%s cannot be bound',
    async (address) => {
      await expect(transport.listen(address)).rejects.toMatchObject({
        code: 'IPC_PERMISSION_DENIED',
        message: expect.stringContaining('insecure: true'),
      })
    },
  )

  test.each(['tcp://192.0.2.1:9', 'tcp://[2001:db8::1]:9', 'tcp://0.0.0.0:9'])(
    '%s cannot be connected to',
    async (address) => {
      await expect(transport.connect(address)).rejects.toMatchObject({ code: 'IPC_PERMISSION_DENIED' })
    },
  )

  test('a host name is judged by the addresses it has', async () => {
    const look = (host: string, all: boolean): Promise<Error | null> =>
      new Promise((resolve) => guardedLookup(false)(host, { all }, (error) => resolve(error)))
    for (const all of [false, true]) {
      expect(await look('127.0.0.1', all)).toBeNull()
      expect(await look('192.0.2.1', all)).toMatchObject({ code: 'IPC_PERMISSION_DENIED' })
    }
  })

  test('with it, both are possible', async () => {
    const open = net({ insecure: true })
    const listener = await open.listen('tcp://0.0.0.0:0')
    const [near] = await Promise.all([open.connect(listener.address), listener.accept()])
    await near.close()
    await listener.close()
  })
})

describe('messages', () => {
  test.each([
    0,
    1,
    MAX_FRAME_BYTES - 1,
    MAX_FRAME_BYTES,
    MAX_FRAME_BYTES + 1,
    3 * MAX_FRAME_BYTES,
    5_000_000,
  ])('of %i bytes come back as they were', async (size) => {
    const [near, far] = await connected({ codec: bytes() as never })
    far.onMessage((message) => void far.send(message))
    const message = new Uint8Array(size).map((_, i) => i * 31 + (i >> 8))
    for (let i = 0; i < 3; i++) {
      near.send(message)
      expect(Buffer.compare((await near.receive()) as Uint8Array, message)).toBe(0)
    }
    await near.close()
  })

  test('small and large ones keep their order with the smallest of marks', async () => {
    const [near, far] = await connected({ codec: bytes() as never, highWaterMarkBytes: 1 })
    const sizes = Array.from({ length: 300 }, (_, i) => (i % 50 === 7 ? 300_000 + i : (i * 37) % 200))
    const sending = (async () => {
      for (const size of sizes) if (!near.send(new Uint8Array(size).fill(size))) await near.drained()
    })()
    for (const size of sizes) {
      const message = (await far.receive()) as Uint8Array
      expect([message.length, message.at(-1)]).toEqual([size, size === 0 ? undefined : size & 0xff])
    }
    await sending
    await near.close()
  })

  test('a message that the codec refuses leaves nothing behind', async () => {
    const [near, far] = await connected({ codec: bytes() as never })
    near.send(Uint8Array.of(1))
    expect(() => near.send('no bytes')).toThrow(TypeError)
    near.send(Uint8Array.of(2))
    expect([await far.receive(), await far.receive()]).toEqual([Uint8Array.of(1), Uint8Array.of(2)])
    await near.close()
  })

  test('sent from within the encoding of another one are refused, and do no harm', async () => {
    const [near, far] = await connected()
    const message = {
      get nested() {
        near.send('from a getter')
        return 1
      },
    }
    expect(() => near.send(message)).toThrow(TypeError)
    near.send('after')
    expect(await far.receive()).toBe('after')
    await near.close()
  })

  test('sent and closed at once all arrive, and both sides know', async () => {
    for (let round = 0; round < 20; round++) {
      const [near, far] = await connected()
      for (let i = 0; i < 500; i++) near.send(i)
      for (let i = 0; i < 500; i++) far.send(`${i}`)
      const closing = Promise.all([near.close(), far.close()])
      for (let i = 0; i < 500; i++) expect([await far.receive(), await near.receive()]).toEqual([i, `${i}`])
      await closing
      for (const { closed } of [near, far]) {
        expect(await closed).toMatchObject({
          code: undefined,
          unsent: { messages: 0 },
          discarded: { messages: 0 },
        })
      }
    }
  })
})

describe('process', () => {
  test('ends by itself when listener and connections are unref’d', async () => {
    const program = run('leaves.ts')
    await program.line('idle')
    expect(await program.ended).toBe(0)
  })

  test('that runs out of file descriptors keeps listening, and serves again when there are some', async () => {
    const program = run('crowd.ts', ['tcp://127.0.0.1:0'], { openFiles: 48 })
    const crowd: Connection[] = []
    try {
      const address = await program.line('tcp:')
      let refused: unknown
      while (refused === undefined && crowd.length < 48) {
        await transport.connect(address).then(
          (connection) => crowd.push(connection),
          (error) => {
            refused = error
          },
        )
      }
      expect(refused).toMatchObject({ code: 'IPC_CONNECT_FAILED' })
      const [first] = crowd
      first?.send('served before')
      expect(await first?.receive()).toBe('served before')
      for (const connection of crowd) connection.abort()
      await expectService(address)
    } finally {
      await program.kill()
    }
  })
})

/** Connect until it works: the other side frees its descriptors one by one. */
async function expectService(address: string): Promise<void> {
  while (true) {
    const connection = await transport.connect<string>(address).catch(() => undefined)
    if (connection === undefined) continue
    connection.send('still there?')
    expect(await connection.receive()).toBe('still there?')
    connection.abort()
    return
  }
}

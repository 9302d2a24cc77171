import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { type Connection, type Listener, type NetOptions, net } from '@ipc/net'
import { afterEach, describe, expect, test } from 'vitest'
import { MAX_UNPROVEN, MAX_UNPROVEN_PER_ORIGIN } from '../src/callers.js'
import { HEADER_BYTES } from '../src/frame.js'
import { GREETING_BYTES } from '../src/greeting.js'
import { WIRE_ERROR } from '../src/wire-error.js'
import { createAuthority } from './fixtures/certificates.js'
import { greetingBytes, type RawPeer, rawDial } from './fixtures/raw-peer.js'
import { collectRefusals, type Refusals } from './fixtures/refusals.js'
import { SECRET } from './fixtures/secret.js'

const authority = await createAuthority()
const server = await authority.issue()
const friendly: NetOptions = { tls: { ...server, ca: authority.ca } }
let listener: Listener
let refusals: Refusals

async function listen(options: NetOptions): Promise<void> {
  listener = await net(options).listen('tls://127.0.0.1:0')
  refusals = collectRefusals(listener.address)
}

afterEach(async () => {
  refusals.stop()
  await listener.close()
})

async function refused(count: number): Promise<void> {
  while (refusals.codes.length < count) await delay(5)
}

/** A friend still gets through: whatever happened disturbed nobody. */
async function expectUndisturbed(options: NetOptions): Promise<void> {
  const [near, far] = await Promise.all([net(options).connect(listener.address), listener.accept()])
  near.send('hello')
  expect(await far.receive()).toBe('hello')
  await near.close()
}

/** A TLS client that does as it likes. */
function dialTls(options: ConnectionOptions = {}): TLSSocket {
  const port = Number(listener.address.split(':').at(-1))
  const all = { host: '127.0.0.1', port, ca: authority.ca, ALPNProtocols: ['ipcnet'], ...options }
  return connectTls(all).on('error', () => {})
}

/** The code with which TLS ends, or what comes through it until it ends. */
function endOf(socket: TLSSocket): Promise<string | Buffer> {
  return new Promise((resolve) => {
    let received: Buffer = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
    })
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''))
    for (const event of ['end', 'close']) socket.on(event, () => resolve(received))
  })
}

/** The first bytes of a TLS client: a record that holds (the beginning of) a message. */
function clientHello(recordBytes: number, messageBytes: number, type = 1): Buffer {
  const head = Buffer.from([22, 3, 1, 0, 0, type, 0, 0, 0])
  head.writeUInt16BE(recordBytes, 3)
  head.writeUIntBE(messageBytes, 6, 3)
  return head
}

describe('callers of a TLS port that do not speak TLS', () => {
  test.each<[string, Buffer, RegExp]>([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), /HTTP \(it began with 474554/],
    ['a plain greeting', greetingBytes(), /this protocol without TLS/],
    ['zeros', Buffer.alloc(1000), /another protocol \(it began with 0000/],
    ['an alert', Buffer.from([21, 3, 3, 0, 2, 2, 40]), /another protocol/],
    ['SSL 2', Buffer.from([0x80, 0x2e, 1, 0, 2]), /another protocol/],
    ['a ServerHello', clientHello(100, 96, 2), /does not begin with a ClientHello/],
    ['a ClientHello of 16 MB', clientHello(16_384, 0xff_ffff), /ClientHello of 16777215 bytes exceeds 4096/],
    ['a record of 16 KB', clientHello(16_384, 100), /ClientHello of 16384 bytes exceeds 4096/],
  ])('%s is closed without a word', async (_name, bytes, message) => {
    await listen({ secret: SECRET })
    const peer = await rawDial(listener.address)
    peer.socket.write(bytes)
    expect((await peer.ended).length).toBe(0)
    expect(refusals.codes).toEqual(['IPC_PROTOCOL'])
    expect(refusals.messages[0]).toMatch(message)
    await expectUndisturbed({ secret: SECRET })
  })

  test('a ClientHello whose content is nonsense ends in a TLS alert', async () => {
    await listen({ secret: SECRET })
    const peer = await rawDial(listener.address)
    peer.socket.write(Buffer.concat([clientHello(300, 296), Buffer.alloc(296, 0xee)]))
    // An alert record, and nothing behind it.
    expect((await peer.ended).subarray(0, 1)).toEqual(Buffer.of(21))
    await refused(1)
    expect(refusals.codes).toEqual(['IPC_PROTOCOL'])
    await expectUndisturbed({ secret: SECRET })
  })

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['five bytes', clientHello(300, 296).subarray(0, 5)],
    ['half a ClientHello', Buffer.concat([clientHello(300, 296), Buffer.alloc(100)])],
  ])('%s, then silence, ends at the deadline', async (_name, bytes) => {
    await listen({ secret: SECRET, handshakeTimeoutMs: 150 })
    const peer = await rawDial(listener.address)
    peer.socket.write(bytes)
    expect((await peer.ended).length).toBe(0)
    expect(refusals.codes).toEqual(['IPC_TIMEOUT'])
    await expectUndisturbed({ secret: SECRET })
  })

  test('a ClientHello that trickles in does not move the deadline', async () => {
    await listen({ secret: SECRET, handshakeTimeoutMs: 150 })
    const peer = await rawDial(listener.address)
    let over = false
    void peer.ended.then(() => {
      over = true
    })
    const bytes = Buffer.concat([clientHello(300, 296), Buffer.alloc(296)])
    for (let at = 0; at < bytes.length - 1 && !over; at++) {
      peer.socket.write(bytes.subarray(at, at + 1))
      await delay(10)
    }
    await peer.ended
    expect(refusals.codes).toEqual(['IPC_TIMEOUT'])
  })

  test.each([0, 5, 60])('a reset after %i bytes disturbs nobody', async (bytes) => {
    await listen({ secret: SECRET })
    const hello = Buffer.concat([clientHello(300, 296), Buffer.alloc(100)])
    for (let i = 0; i < 20; i++) {
      const { socket } = await rawDial(listener.address)
      socket.write(hello.subarray(0, bytes), () => socket.resetAndDestroy())
    }
    await refused(20)
    expect(new Set(refusals.codes)).toEqual(new Set(['IPC_CONNECT_FAILED']))
    await expectUndisturbed({ secret: SECRET })
  })
})

describe('callers that speak TLS', () => {
  test('older than 1.3 are refused', async () => {
    await listen(friendly)
    const socket = dialTls({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })
    expect(await endOf(socket)).toMatch(/ALERT_PROTOCOL_VERSION$/)
    await refused(1)
    expect(refusals.codes).toEqual(['IPC_VERSION_MISMATCH'])
    await expectUndisturbed(friendly)
  })

  test.each<[string, string[] | undefined]>([
    ['another protocol', ['http/1.1']],
    ['none', undefined],
  ])(
    'and ask for %s in it are refused: a certificate may serve HTTP as well',
    async (_name, ALPNProtocols) => {
      await listen(friendly)
      const end = await endOf(dialTls({ ALPNProtocols }))
      if (ALPNProtocols === undefined) expect(end).toEqual(Buffer.alloc(0))
      else expect(end).toMatch(/ALERT_NO_APPLICATION_PROTOCOL$/)
      await refused(1)
      expect(refusals.codes).toEqual(['IPC_PROTOCOL'])
    },
  )

  test('without a secret are refused by a listener that has one', async () => {
    await listen({ secret: SECRET })
    expect(await endOf(dialTls())).toMatch(/ALERT/)
    await refused(1)
    expect(refusals.codes).toEqual(['IPC_AUTH_FAILED'])
  })

  test('a wrong secret and an unknown key id get the same bytes in answer', async () => {
    await listen({ secret: { keys: { a: SECRET } } })
    const answers: (string | Buffer)[] = []
    for (const identity of ['a', 'b', 'x'.repeat(100)]) {
      const pskCallback = (): { psk: Buffer; identity: string } => ({ psk: Buffer.alloc(32, 1), identity })
      answers.push(
        await endOf(dialTls({ pskCallback, ciphers: 'TLS_AES_128_GCM_SHA256', minVersion: 'TLSv1.3' })),
      )
    }
    expect(answers[0]).toMatch(/ALERT_ILLEGAL_PARAMETER$|ALERT_DECRYPT_ERROR$/)
    expect(new Set(answers).size).toBe(1)
    await refused(3)
    expect(new Set(refusals.codes)).toEqual(new Set(['IPC_AUTH_FAILED']))
    expect(refusals.messages[2]).toContain(`key id "${'x'.repeat(64)}"`)
  })

  test('and send a plain greeting in it (a proxy ended TLS before) are told that mechanisms differ', async () => {
    await listen(friendly)
    const socket = dialTls()
    socket.write(greetingBytes({ mechanism: 0 }))
    const received = (await endOf(socket)) as Buffer
    expect(received.readUInt16LE(HEADER_BYTES)).toBe(WIRE_ERROR.mechanism)
    expect(refusals.codes).toEqual(['IPC_AUTH_FAILED'])
    expect(refusals.messages[0]).toContain('the listener has TLS, the dialer none')
  })

  test('and then nothing end at the same deadline', async () => {
    await listen({ ...friendly, handshakeTimeoutMs: 200 })
    const socket = dialTls()
    await once(socket, 'secureConnect')
    await endOf(socket)
    expect(refusals.codes).toEqual(['IPC_TIMEOUT'])
  })

  test('get no session to come back with', async () => {
    await listen(friendly)
    const socket = dialTls()
    // TLS sends a ticket all the same, of a session that is kept nowhere.
    const ticket = once(socket, 'session')
    socket.write(greetingBytes({ mechanism: 2 }))
    const connection = await listener.accept()
    const [session] = (await ticket) as [Buffer]
    connection.abort()
    await endOf(socket)
    const again = dialTls({ session })
    await once(again, 'secureConnect')
    expect(again.isSessionReused()).toBe(false)
    again.destroy()
    await refused(1)
  })

  test('that send messages behind a greeting that waits for authorize lose none of them', async () => {
    let answer!: (allowed: boolean) => void
    let asked!: () => void
    const asking = new Promise<void>((resolve) => {
      asked = resolve
    })
    await listen({
      ...friendly,
      authorize() {
        asked()
        return new Promise((resolve) => {
          answer = resolve
        })
      },
    })
    const socket = dialTls()
    // msgpack: the number 7, in a whole message.
    const message = Buffer.from('010000010300000007', 'hex')
    socket.write(Buffer.concat([greetingBytes({ mechanism: 2 }), message]))
    await asking
    socket.write(message)
    answer(true)
    const connection = await listener.accept()
    expect([await connection.receive(), await connection.receive()]).toEqual([7, 7])
    connection.abort()
    await endOf(socket)
  })
})

describe('a crowd of callers that have proven nothing', () => {
  async function silentCallers(count: number): Promise<RawPeer[]> {
    return Promise.all(Array.from({ length: count }, () => rawDial(listener.address)))
  }

  test('keeps nobody out: the oldest of them give way', async () => {
    await listen({ secret: SECRET, handshakeTimeoutMs: 60_000 })
    const silent = await silentCallers(3 * MAX_UNPROVEN_PER_ORIGIN)
    await expectUndisturbed({ secret: SECRET })
    expect(refusals.codes.length).toBeGreaterThan(0)
    expect(new Set(refusals.codes)).toEqual(new Set(['IPC_CONNECT_FAILED']))
    expect(refusals.messages[0]).toContain('was dropped: it has proven nothing yet')
    for (const { socket } of silent) socket.destroy()
  })

  // Elsewhere a machine has one loopback address.
  if (process.platform === 'linux') {
    test('from everywhere keeps nobody out either, and more of them are dealt with at a time', async () => {
      await listen({ secret: SECRET, handshakeTimeoutMs: 60_000 })
      const origins = (2 * MAX_UNPROVEN) / MAX_UNPROVEN_PER_ORIGIN
      const silent: RawPeer[] = []
      for (let i = 0; i < 2 * MAX_UNPROVEN; i++) {
        silent.push(await rawDial(listener.address, `127.0.1.${1 + (i % origins)}`))
      }
      // Whose turn it was first has to make room; who waits is not dropped.
      await refused(MAX_UNPROVEN)
      await expectUndisturbed({ secret: SECRET })
      expect(new Set(refusals.codes)).toEqual(new Set(['IPC_CONNECT_FAILED']))
      for (const { socket } of silent) socket.destroy()
    })
  }

  test('that speak is not dropped, however many connect at once', async () => {
    const transport = net({ secret: SECRET })
    await listen({ secret: SECRET })
    const count = 10 * MAX_UNPROVEN_PER_ORIGIN
    const accepting = (async () => {
      const connections: Connection[] = []
      while (connections.length < count) connections.push(await listener.accept())
      return connections
    })()
    const dialed = await Promise.all(Array.from({ length: count }, () => transport.connect(listener.address)))
    const accepted = await accepting
    expect(refusals.codes).toEqual([])
    for (const connection of [...dialed, ...accepted]) connection.abort()
  })

  test('does not count those that have proven who they are', async () => {
    const open: (() => void)[] = []
    await listen({
      secret: SECRET,
      authorize: () => new Promise((resolve) => open.push(() => resolve(true))),
    })
    const transport = net({ secret: SECRET })
    const count = 2 * MAX_UNPROVEN_PER_ORIGIN
    const dialing = Array.from({ length: count }, () => transport.connect(listener.address))
    // All of them have come as far as authorize, although none is a connection.
    while (open.length < count) await delay(5)
    for (const answer of open) answer()
    for (const connection of await Promise.all(dialing)) connection.abort()
    expect(refusals.codes).toEqual([])
  })

  test('takes no more memory than a little each, and is gone when the listener closes', async () => {
    await listen({ secret: SECRET, handshakeTimeoutMs: 60_000 })
    const before = process.memoryUsage().rss
    const silent = await silentCallers(400)
    for (const { socket } of silent)
      socket.write(Buffer.concat([clientHello(4096, 4092), Buffer.alloc(4000)]))
    // Those whose turn it was first had it.
    await refused(MAX_UNPROVEN_PER_ORIGIN)
    // Both ends of 400 sockets are in this process.
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 2 ** 20)
    await listener.close()
    for (const peer of silent) await peer.ended
    for (const { socket } of silent) socket.destroy()
    await listen({ secret: SECRET })
  })

  test('of plain TCP gives way as well', async () => {
    listener = await net({ handshakeTimeoutMs: 60_000 }).listen('tcp://127.0.0.1:0')
    refusals = collectRefusals(listener.address)
    const silent = await silentCallers(2 * MAX_UNPROVEN_PER_ORIGIN)
    silent[0]?.socket.write(greetingBytes().subarray(0, GREETING_BYTES - 1))
    await expectUndisturbed({})
    expect(refusals.codes.length).toBeGreaterThan(0)
    for (const { socket } of silent) socket.destroy()
  })
})

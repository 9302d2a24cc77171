import type { ConnectionOptions } from 'node:tls'
import { type Connection, type IpcError, type Listener, type NetOptions, net, sessionOf } from '@ipc/net'
import { afterEach, describe, expect, test } from 'vitest'
import { encodeAck, encodeClose, encodeCredit, encodeError, FRAME, HEADER_BYTES } from '../src/frame.js'
import { GREETING_BYTES, GREETING_FLAG } from '../src/greeting.js'
import { encodeResume } from '../src/session.js'
import { WIRE_ERROR } from '../src/wire-error.js'
import { createAuthority } from './fixtures/certificates.js'
import { proxyTo } from './fixtures/proxy-to.js'
import { greetingBytes, type RawPeer, rawDial, rawListen } from './fixtures/raw-peer.js'
import { beginSession, readAnswer, sendResume } from './fixtures/raw-session.js'
import { bySecret, rawTlsDial } from './fixtures/raw-tls.js'
import { collectRefusals, type Refusals } from './fixtures/refusals.js'
import { OTHER_SECRET, SECRET } from './fixtures/secret.js'

const NOTHING = { received: 0, credit: 1 << 20 }
const ends: (() => unknown)[] = []
let listener: Listener
let refusals: Refusals

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function listen(options: NetOptions = {}, address = 'tcp://127.0.0.1:0'): Promise<void> {
  listener = await net(options).listen(address)
  refusals = collectRefusals(listener.address)
  ends.push(
    () => listener.close(),
    () => refusals.stop(),
  )
}

/** A raw peer that is gone when the test is. */
async function dial(): Promise<RawPeer> {
  const peer = await rawDial(listener.address)
  ends.push(() => peer.socket.destroy())
  return peer
}

/** A session by hand, with a connection of the listener. */
async function begun(): Promise<
  { peer: RawPeer; connection: Connection } & Awaited<ReturnType<typeof beginSession>>
> {
  const peer = await dial()
  const [session, connection] = await Promise.all([beginSession(peer), listener.accept()])
  ends.push(() => connection.abort())
  return { peer, connection, ...session }
}

/** The code of the ERROR behind the listener's greeting, in answer to RESUME. */
async function errorOf(peer: RawPeer): Promise<number> {
  const received = await peer.ended
  expect(received[GREETING_BYTES + 3]).toBe(FRAME.error)
  return received.readUInt16LE(GREETING_BYTES + HEADER_BYTES)
}

async function tlsDial(options: ConnectionOptions): Promise<RawPeer> {
  const peer = await rawTlsDial(listener.address, options)
  ends.push(() => peer.socket.destroy())
  return peer
}

function secretDial(identity: string, secret: string): Promise<RawPeer> {
  return tlsDial(bySecret(identity, secret))
}

function untilDetached(connection: Connection): Promise<void> {
  return new Promise((resolve) => {
    const session = sessionOf(connection)
    if (session?.state === 'reconnecting') resolve()
    session?.onState((state) => {
      if (state === 'reconnecting') resolve()
    })
  })
}

/** msgpack: a number below 128, in a whole message. */
function message(number: number): Buffer {
  return Buffer.from([1, 0, 0, FRAME.data, 3, 0, 0, 0, number])
}

describe('a session by hand', () => {
  test('goes on over another socket', async () => {
    await listen()
    const { peer, connection, secrets } = await begun()
    peer.socket.write(message(1))
    expect(await connection.receive()).toBe(1)
    const again = await dial()
    const greetings = await sendResume(again, secrets, NOTHING)
    expect(await readAnswer(again, secrets, greetings)).toMatchObject({ received: 1 })
    again.socket.write(message(2))
    expect(await connection.receive()).toBe(2)
    // The old socket is not its own any more.
    await peer.ended
  })
})

describe('theft of a session', () => {
  test('by who knows its id and not its key is refused, with the words for one that never was', async () => {
    await listen()
    const { peer, connection, secrets } = await begun()
    const thief = await dial()
    await sendResume(thief, { id: secrets.id, key: Buffer.alloc(32) }, NOTHING)
    const stranger = await dial()
    await sendResume(stranger, { id: '00'.repeat(16), key: secrets.key }, NOTHING)
    const [stolen, unknown] = await Promise.all([thief.ended, stranger.ended])
    expect(stolen.readUInt16LE(GREETING_BYTES + HEADER_BYTES)).toBe(WIRE_ERROR.resumeUnknown)
    expect(stolen.subarray(GREETING_BYTES)).toEqual(unknown.subarray(GREETING_BYTES))
    peer.socket.write(message(3))
    expect(await connection.receive()).toBe(3)
  })

  test('by a dialer with another key id is refused, although its proof is right', async () => {
    const keys = { mine: SECRET, theirs: OTHER_SECRET }
    await listen({ secret: { keys } }, 'tls://127.0.0.1:0')
    const dialAs = (identity: keyof typeof keys): Promise<RawPeer> => secretDial(identity, keys[identity])
    const mine = await dialAs('mine')
    const [{ secrets }, connection] = await Promise.all([beginSession(mine, 2), listener.accept()])
    const thief = await dialAs('theirs')
    await sendResume(thief, secrets, NOTHING, 2)
    expect(await errorOf(thief)).toBe(WIRE_ERROR.resumeUnknown)
    expect(refusals.codes).toEqual(['IPC_AUTH_FAILED'])
    expect(refusals.messages[0]).toContain('the session belongs to mine, not to theirs')
    // Nothing has happened to it.
    mine.socket.write(message(4))
    expect(await connection.receive()).toBe(4)
    const again = await dialAs('mine')
    const greetings = await sendResume(again, secrets, NOTHING, 2)
    expect(await readAnswer(again, secrets, greetings)).toMatchObject({ received: 1 })
    connection.abort()
  })

  test('by a dialer with a certificate of another name is refused, and one renewed for the same name goes on', async () => {
    const authority = await createAuthority()
    const [server, mine, renewed, theirs] = await Promise.all([
      authority.issue(),
      authority.issue({ names: [{ type: 'dns', value: 'mine.test' }] }),
      authority.issue({ names: [{ type: 'dns', value: 'mine.test' }] }),
      authority.issue({ names: [{ type: 'dns', value: 'theirs.test' }] }),
    ])
    await listen(
      { tls: { ...server, ca: authority.ca, requireClientCertificate: true } },
      'tls://127.0.0.1:0',
    )
    const dialAs = (credentials: typeof mine): Promise<RawPeer> =>
      tlsDial({ ...credentials, ca: authority.ca })
    const first = await dialAs(mine)
    const [{ secrets }, connection] = await Promise.all([beginSession(first, 2), listener.accept()])
    expect(connection.peer.identity).toBe('dns:mine.test')
    const thief = await dialAs(theirs)
    await sendResume(thief, secrets, NOTHING, 2)
    expect(await errorOf(thief)).toBe(WIRE_ERROR.resumeUnknown)
    expect(refusals.messages[0]).toContain('belongs to dns:mine.test, not to dns:theirs.test')
    const again = await dialAs(renewed)
    const greetings = await sendResume(again, secrets, NOTHING, 2)
    expect(await readAnswer(again, secrets, greetings)).toMatchObject({ received: 0 })
    connection.abort()
  })

  test('by an impostor of the listener comes to nothing: the dialer ends with what is known of each message', async () => {
    await listen()
    const { proxy, address } = await proxyTo(listener.address)
    ends.push(() => proxy.close())
    const client = await net({ reconnect: { firstMs: 1, longestMs: 5 } }).connect(address)
    const server = await listener.accept()
    client.send('a')
    await server.receive()
    proxy.stopListening()
    proxy.resetAll()
    // Where the listener was somebody else is now, who has seen the session's id on the wire and knows no key.
    const port = Number(address.split(':').at(-1))
    const impostor = (
      await rawListen(async (caller) => {
        ends.push(() => caller.socket.destroy())
        await caller.atLeast(GREETING_BYTES)
        caller.socket.write(greetingBytes({ flags: GREETING_FLAG.resumable }, 'acceptor'))
        await caller.atLeast(2 * GREETING_BYTES)
        const resumed = Buffer.alloc(HEADER_BYTES + 48)
        resumed[0] = 48
        resumed[3] = FRAME.resumed
        caller.socket.write(resumed)
      }, port)
    ).server
    ends.push(() => impostor.close())
    const { code, error } = await client.closed
    expect(code).toBe('IPC_SESSION_LOST')
    expect((error as IpcError).details).toMatchObject({ unsent: undefined })
  })
})

describe('in place of RESUME', () => {
  test.each([
    ['CREDIT', encodeCredit(1)],
    ['CLOSE', encodeClose()],
    ['ACK', encodeAck(0)],
    ['a message', message(1)],
    ['RESUMED', Buffer.from([48, 0, 0, FRAME.resumed, 0, 0, 0, 0])],
    ['RESUME of another size', Buffer.from([65, 0, 0, FRAME.resume, 0, 0, 0, 0])],
    ['a frame to skip', Buffer.from([0, 0, 0, 0x80, 0, 0, 0, 0])],
  ])('%s is refused as PROTOCOL', async (_name, bytes) => {
    await listen()
    const peer = await dial()
    peer.socket.write(
      Buffer.concat([greetingBytes({ flags: GREETING_FLAG.resumable | GREETING_FLAG.resuming }), bytes]),
    )
    expect(await errorOf(peer)).toBe(WIRE_ERROR.protocol)
    expect(refusals.codes).toEqual(['IPC_PROTOCOL'])
  })

  test('ERROR is the end, without an answer', async () => {
    await listen()
    const peer = await dial()
    const error = encodeError({ code: WIRE_ERROR.aborted, retryable: false, reason: 'no' })
    peer.socket.write(
      Buffer.concat([greetingBytes({ flags: GREETING_FLAG.resumable | GREETING_FLAG.resuming }), error]),
    )
    expect(await peer.ended).toHaveLength(GREETING_BYTES)
  })

  test('nothing ends at the deadline of the handshake', async () => {
    await listen({ handshakeTimeoutMs: 150 })
    const peer = await dial()
    peer.socket.write(greetingBytes({ flags: GREETING_FLAG.resumable | GREETING_FLAG.resuming }))
    expect(await peer.ended).toHaveLength(GREETING_BYTES)
    expect(refusals.codes).toEqual(['IPC_TIMEOUT'])
  })

  test('a frame of RESUME on an open connection ends it', async () => {
    await listen()
    const { peer, connection, secrets, greetings } = await begun()
    peer.socket.write(encodeResume(secrets, greetings, NOTHING))
    expect((await connection.closed).code).toBe('IPC_PROTOCOL')
    expect(await errorOf(peer)).toBe(WIRE_ERROR.protocol)
  })
})

describe('a dialer that comes back', () => {
  test.each([
    ['has what was never sent', 1],
    ['has more than can be counted', 2 ** 60],
  ])('and %s is refused with RESUME_GAP, and the session is over', async (_name, received) => {
    await listen()
    const { connection, secrets } = await begun()
    const again = await dial()
    const frame = async (): Promise<void> => {
      const greetings = await sendResume(again, secrets, { received, credit: 1 })
      await readAnswer(again, secrets, greetings)
    }
    await frame()
    const { code, by } = await connection.closed
    expect({ code, by }).toEqual({ code: 'IPC_SESSION_LOST', by: 'transport' })
    const received2 = await again.ended
    const at = GREETING_BYTES + HEADER_BYTES + 48
    expect(received2[at + 3]).toBe(FRAME.error)
    expect(received2.readUInt16LE(at + HEADER_BYTES)).toBe(WIRE_ERROR.resumeGap)
  })

  test.each([-(2 ** 62), -1, 0, 2 ** 62])('with a credit of %d ends nobody', async (credit) => {
    await listen()
    const { peer, connection, secrets } = await begun()
    peer.socket.destroy()
    await untilDetached(connection)
    connection.send('kept')
    const again = await dial()
    const greetings = await sendResume(again, secrets, { received: 0, credit })
    await readAnswer(again, secrets, greetings)
    again.socket.write(message(5))
    expect(await connection.receive()).toBe(5)
    expect(connection.stats().bufferedMessages).toBe(1)
    connection.abort()
    await again.ended
  })

  test('and sends a message after the CLOSE that it sent over the socket before breaks the protocol', async () => {
    await listen()
    const { peer, connection, secrets } = await begun()
    // It has said that it has read nothing of ours: the session waits for it.
    connection.send('unread')
    peer.socket.write(encodeClose())
    while (connection.status === 'open') await new Promise((resolve) => setImmediate(resolve))
    peer.socket.destroy()
    await untilDetached(connection)
    const again = await dial()
    const greetings = await sendResume(again, secrets, NOTHING)
    await readAnswer(again, secrets, greetings)
    again.socket.write(message(6))
    expect((await connection.closed).code).toBe('IPC_PROTOCOL')
    expect(connection.stats().messagesReceived).toBe(0)
  })

  test('again and again to a session that is over is let go each time', async () => {
    await listen()
    const { peer, connection, secrets } = await begun()
    peer.socket.write(encodeClose())
    await peer.atLeast(GREETING_BYTES + 2 * HEADER_BYTES)
    expect((await peer.ended).length).toBeGreaterThan(GREETING_BYTES)
    peer.socket.end()
    expect((await connection.closed).code).toBeUndefined()
    // Nobody keeps a socket for a peer that does not say that it has understood.
    const again = await Promise.all(Array.from({ length: 5 }, () => dial()))
    await Promise.all(again.map((one) => sendResume(one, secrets, NOTHING)))
    await Promise.all(again.map((one) => one.ended))
    for (const { socket } of again) if (!socket.destroyed) socket.resume()
    const gone = again.map(
      ({ socket }) => new Promise((resolve) => socket.on('error', resolve).on('close', resolve)),
    )
    await Promise.all(gone.map((end, index) => Promise.race([end, untilReset(again[index] as RawPeer)])))
  })
})

/** Resolves when what is written to the peer's socket finds nobody. */
async function untilReset({ socket }: RawPeer): Promise<void> {
  while (!socket.destroyed) {
    socket.write(Buffer.alloc(1))
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

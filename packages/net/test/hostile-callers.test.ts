import { setTimeout as delay } from 'node:timers/promises'
import { type Connection, type Listener, net } from '@ipc/net'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  encodeClose,
  encodeCredit,
  encodeError,
  FRAME,
  HEADER_BYTES,
  WHOLE,
  writeHeader,
} from '../src/frame.js'
import { GREETING_BYTES, MAGIC } from '../src/greeting.js'
import { WIRE_ERROR } from '../src/wire-error.js'
import { greetingBytes, type RawPeer, rawDial } from './fixtures/raw-peer.js'
import { collectRefusals, type Refusals } from './fixtures/refusals.js'

const transport = net()
const impatient = net({ handshakeTimeoutMs: 150 })
let listener: Listener
let refusals: Refusals

async function listenWith(
  options: Parameters<typeof transport.listen>[1] = {},
  by = transport,
): Promise<void> {
  listener = await by.listen('tcp://127.0.0.1:0', options)
  refusals = collectRefusals(listener.address)
}

beforeEach(() => listenWith())

afterEach(async () => {
  refusals.stop()
  await listener.close()
})

/** A friend still gets through: whatever happened disturbed nobody. */
async function expectUndisturbed(): Promise<void> {
  const friend = await transport.connect(listener.address)
  const accepted = await listener.accept()
  friend.send('hello')
  expect(await accepted.receive()).toBe('hello')
  await friend.close()
}

/** A raw peer whose greeting was accepted, and the connection that it led to. */
async function greeted(): Promise<{ peer: RawPeer; connection: Connection }> {
  const peer = await rawDial(listener.address)
  peer.socket.write(greetingBytes())
  const connection = await listener.accept()
  await peer.atLeast(GREETING_BYTES)
  return { peer, connection }
}

/** The code of the ERROR frame that ends what the peer received behind a greeting. */
function errorCode(received: Buffer, at = GREETING_BYTES): number {
  expect(received[at + 3]).toBe(FRAME.error)
  return received.readUInt16LE(at + HEADER_BYTES)
}

function dataFrame(payload: Buffer): Buffer {
  const frame = Buffer.concat([Buffer.alloc(HEADER_BYTES), payload])
  writeHeader(frame, 0, payload.length, FRAME.data, WHOLE)
  return frame
}

describe('before the greeting is complete', () => {
  test.each([
    ['an HTTP request', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['a TLS hello', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])],
    ['zeros', Buffer.alloc(GREETING_BYTES)],
    ['a megabyte of nonsense', Buffer.alloc(2 ** 20, 0x89)],
    ['a frame instead of a greeting', encodeClose()],
    ['line ends converted', Buffer.from('89495043 4e0d0a'.replace(' ', ''), 'hex')],
  ])('%s is closed without a word', async (_name, bytes) => {
    const peer = await rawDial(listener.address)
    peer.socket.write(bytes)
    expect((await peer.ended).length).toBe(0)
    expect(refusals.codes).toEqual(['IPC_PROTOCOL'])
    await expectUndisturbed()
  })

  test.each([0, 1, 2, 3, 4, 5])('a magic wrong at byte %i is refused at that byte', async (index) => {
    const peer = await rawDial(listener.address)
    const bytes = Buffer.from(MAGIC.subarray(0, index + 1))
    bytes[index] = (bytes[index] as number) ^ 1
    peer.socket.write(bytes)
    expect((await peer.ended).length).toBe(0)
  })

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['half a greeting', greetingBytes().subarray(0, 36)],
    ['all but the last byte', greetingBytes().subarray(0, GREETING_BYTES - 1)],
  ])('%s, then silence, ends at the deadline', async (_name, bytes) => {
    refusals.stop()
    await listener.close()
    await listenWith({}, impatient)
    const peer = await rawDial(listener.address)
    peer.socket.write(bytes)
    expect((await peer.ended).length).toBe(0)
    expect(refusals.codes).toEqual(['IPC_TIMEOUT'])
    await expectUndisturbed()
  })

  test('bytes that trickle in do not move the deadline', async () => {
    refusals.stop()
    await listener.close()
    await listenWith({}, impatient)
    const peer = await rawDial(listener.address)
    let over = false
    void peer.ended.then(() => {
      over = true
    })
    const bytes = greetingBytes()
    for (let i = 0; i < GREETING_BYTES - 1 && !over; i++) {
      peer.socket.write(bytes.subarray(i, i + 1))
      await delay(10)
    }
    expect((await peer.ended).length).toBe(0)
    expect(refusals.codes).toEqual(['IPC_TIMEOUT'])
  })

  test('a greeting that comes byte by byte is as good as any', async () => {
    const peer = await rawDial(listener.address)
    for (const byte of greetingBytes()) {
      peer.socket.write(Uint8Array.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    const connection = await listener.accept()
    expect((await peer.atLeast(GREETING_BYTES)).subarray(0, 6)).toEqual(Buffer.from(MAGIC))
    connection.abort()
    await peer.ended
  })

  test.each([0, 20])('a reset after %i bytes disturbs nobody', async (bytes) => {
    for (let i = 0; i < 20; i++) {
      const { socket } = await rawDial(listener.address)
      socket.write(greetingBytes().subarray(0, bytes), () => socket.resetAndDestroy())
    }
    await expectUndisturbed()
    while (refusals.codes.length < 20) await delay(5)
    expect(new Set(refusals.codes)).toEqual(new Set(['IPC_CONNECT_FAILED']))
  })

  test('callers that are under way when the listener closes are dropped', async () => {
    const peer = await rawDial(listener.address)
    peer.socket.write(greetingBytes().subarray(0, 10))
    await expectUndisturbed()
    await listener.close()
    expect((await peer.ended).length).toBe(0)
  })
})

describe('a greeting that does not match', () => {
  test.each([
    ['another version', { versionMin: 2, versionMax: 5 }, WIRE_ERROR.version, 'IPC_VERSION_MISMATCH'],
    ['a required feature', { featuresRequired: 1 }, WIRE_ERROR.feature, 'IPC_VERSION_MISMATCH'],
    ['another mechanism', { mechanism: 2 }, WIRE_ERROR.mechanism, 'IPC_AUTH_FAILED'],
    ['the wrong role', { role: 1 }, WIRE_ERROR.protocol, 'IPC_PROTOCOL'],
    ['another codec', { codec: 1 }, WIRE_ERROR.codec, 'IPC_PROTOCOL'],
    ['no credit', { credit: 0 }, WIRE_ERROR.protocol, 'IPC_PROTOCOL'],
  ])('%s is answered with ERROR instead of a greeting', async (_name, differences, wireCode, code) => {
    const peer = await rawDial(listener.address)
    peer.socket.write(greetingBytes(differences))
    expect(errorCode(await peer.ended, 0)).toBe(wireCode)
    expect(refusals.codes).toEqual([code])
    peer.socket.destroy()
    await expectUndisturbed()
  })

  test('a full backlog is answered with ERROR OVERLOADED, retryable', async () => {
    refusals.stop()
    await listener.close()
    await listenWith({ backlog: 1 })
    const first = await transport.connect(listener.address)
    const peer = await rawDial(listener.address)
    peer.socket.write(greetingBytes())
    const received = await peer.ended
    expect(errorCode(received, 0)).toBe(WIRE_ERROR.overloaded)
    expect(received[HEADER_BYTES + 2]).toBe(1)
    peer.socket.destroy()
    await (await listener.accept()).close()
    await first.closed
    await expectUndisturbed()
  })
})

describe('after the greeting', () => {
  test.each([
    ['a huge frame', Buffer.from('ffffff0103000000', 'hex'), WIRE_ERROR.frameTooLarge],
    ['a huge message', Buffer.from('0000040101000000ffffffffff00', 'hex'), WIRE_ERROR.messageTooLarge],
    ['an unknown frame', Buffer.from('0000004200000000', 'hex'), WIRE_ERROR.protocol],
    ['another channel', Buffer.from('0100000103010000', 'hex'), WIRE_ERROR.protocol],
    ['a second greeting', greetingBytes(), WIRE_ERROR.frameTooLarge],
  ])('%s ends the connection with IPC_PROTOCOL and tells the peer', async (_name, bytes, wireCode) => {
    const { peer, connection } = await greeted()
    peer.socket.write(bytes)
    const { by, code } = await connection.closed
    expect({ by, code }).toEqual({ by: 'transport', code: 'IPC_PROTOCOL' })
    expect(errorCode(await peer.ended)).toBe(wireCode)
    peer.socket.destroy()
    await expectUndisturbed()
  })

  test('DATA after CLOSE ends the connection with IPC_PROTOCOL, too late to tell the peer', async () => {
    const { peer, connection } = await greeted()
    peer.socket.write(Buffer.concat([encodeClose(), dataFrame(Buffer.alloc(1))]))
    expect((await connection.closed).code).toBe('IPC_PROTOCOL')
    expect((await peer.ended).subarray(GREETING_BYTES)).toEqual(encodeClose())
    expect(connection.stats().messagesReceived).toBe(0)
  })

  test('messages without credit end the connection: unread memory is bounded', async () => {
    refusals.stop()
    await listener.close()
    await listenWith({ highWaterMarkBytes: 10_000 })
    const { peer, connection } = await greeted()
    // msgpack: a string of 97 bytes. 100 bytes and 64 more each.
    const frame = dataFrame(Buffer.concat([Buffer.from([0xd9, 97]), Buffer.alloc(97, 'x')]))
    for (let i = 0; i < 1000; i++) peer.socket.write(frame)
    expect((await connection.closed).code).toBe('IPC_PROTOCOL')
    const received = await peer.ended
    // Some was granted again before the unread messages reached the mark.
    let at = GREETING_BYTES
    while (received[at + 3] === FRAME.credit) at += HEADER_BYTES + 4
    expect(errorCode(received, at)).toBe(WIRE_ERROR.creditViolation)
    expect(connection.stats().unreadBytes).toBeLessThanOrEqual(2 * 10_000 + 99 + 64)
    peer.socket.destroy()
  })

  test('FIN without CLOSE is a lost peer', async () => {
    const { peer, connection } = await greeted()
    peer.socket.end(dataFrame(Buffer.from([7])))
    expect(await connection.receive()).toBe(7)
    const { by, code } = await connection.closed
    expect({ by, code }).toEqual({ by: 'transport', code: 'IPC_PEER_LOST' })
  })

  test('a reset is a lost peer', async () => {
    const { peer, connection } = await greeted()
    peer.socket.resetAndDestroy()
    expect((await connection.closed).code).toBe('IPC_PEER_LOST')
  })

  test('CLOSE and FIN, without waiting for what comes back, is a lost peer', async () => {
    refusals.stop()
    await listener.close()
    await listenWith()
    const peer = await rawDial(listener.address)
    // Credit for one message: the others wait, and so does CLOSE behind them.
    peer.socket.write(greetingBytes({ credit: 1 }))
    const connection = await listener.accept()
    connection.send('one')
    connection.send('two')
    peer.socket.end(encodeClose())
    const { code, unsent } = await connection.closed
    expect({ code, messages: unsent.messages }).toEqual({ code: 'IPC_PEER_LOST', messages: 1 })
  })

  test('CLOSE both ways, then FIN both ways, is graceful', async () => {
    const { peer, connection } = await greeted()
    connection.send(1)
    peer.socket.write(encodeClose())
    const expected = Buffer.concat([dataFrame(Buffer.from([1])), encodeClose()])
    // Ours and FIN, in answer.
    expect((await peer.ended).subarray(GREETING_BYTES)).toEqual(expected)
    expect(connection.status).toBe('closing')
    peer.socket.end()
    expect(await connection.closed).toMatchObject({ by: 'remote', code: undefined })
  })

  test('ERROR from the peer ends the connection with its reason', async () => {
    const { peer, connection } = await greeted()
    peer.socket.write(encodeError({ code: WIRE_ERROR.aborted, retryable: false, reason: 'no time' }))
    const { by, code, error } = await connection.closed
    expect({ by, code }).toEqual({ by: 'remote', code: 'IPC_ABORTED' })
    expect(error?.message).toContain('no time')
    await peer.ended
    const again = await greeted()
    again.peer.socket.write(encodeError({ code: 999, retryable: false, reason: 'of the future' }))
    expect(await again.connection.closed).toMatchObject({ by: 'transport', code: 'IPC_PROTOCOL' })
    await again.peer.ended
  })

  test('abort tells the peer why, behind what was written already', async () => {
    const { peer, connection } = await greeted()
    connection.abort(new Error('enough of it'))
    const received = await peer.ended
    expect(errorCode(received)).toBe(WIRE_ERROR.aborted)
    expect(received.subarray(GREETING_BYTES + HEADER_BYTES + 3).toString()).toBe('enough of it')
  })

  test('a peer that does not read and does not close is left behind after an abort', async () => {
    const { peer, connection } = await greeted()
    peer.socket.pause()
    for (let i = 0; i < 100; i++) connection.send('x'.repeat(1000))
    connection.abort()
    peer.socket.resume()
    await peer.ended
    // It never ends its half: the socket goes away all the same.
    await new Promise((resolve) => peer.socket.on('error', resolve).on('close', resolve).end())
  })

  test('credit that is granted without end harms nobody', async () => {
    const { peer, connection } = await greeted()
    for (let i = 0; i < 1000; i++) peer.socket.write(encodeCredit(2 ** 32 - 1))
    peer.socket.write(dataFrame(Buffer.from([1])))
    expect(await connection.receive()).toBe(1)
    connection.abort()
    await peer.ended
  })
})

describe('mutated conversations', () => {
  test('end in a closed connection and disturb nobody', { timeout: 60_000 }, async () => {
    const conversation = Buffer.concat([
      greetingBytes(),
      dataFrame(Buffer.from([1])),
      encodeCredit(1000),
      dataFrame(Buffer.from([0xa5, ...Buffer.from('hello')])),
      dataFrame(Buffer.alloc(300, 0x90)),
      encodeClose(),
    ])
    const mutation = fc.record({
      at: fc.nat(conversation.length - 1),
      remove: fc.nat(20),
      insert: fc.uint8Array({ maxLength: 20 }),
    })
    const accepting = (async () => {
      const connections: Connection[] = []
      for await (const connection of listener) connections.push(connection)
      return connections
    })()
    await fc.assert(
      fc.asyncProperty(
        fc.array(mutation, { maxLength: 4 }),
        fc.integer({ min: 1, max: 100 }),
        async (mutations, step) => {
          let bytes: Buffer = conversation
          for (const { at, remove, insert } of mutations) {
            bytes = Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + remove)])
          }
          const peer = await rawDial(listener.address)
          for (let at = 0; at < bytes.length; at += step) peer.socket.write(bytes.subarray(at, at + step))
          peer.socket.end()
          await peer.ended
          peer.socket.destroy()
        },
      ),
      { numRuns: 300 },
    )
    const friend = await transport.connect(listener.address)
    friend.abort()
    await listener.close()
    const reasons = await Promise.all((await accepting).map(({ closed }) => closed))
    expect(reasons.length).toBeGreaterThan(10)
  })
})

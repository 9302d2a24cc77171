import { once } from 'node:events'
import type { Server } from 'node:net'
import { isIpcError, json } from '@ipc/core'
import { type IpcError, net } from '@ipc/net'
import { afterEach, describe, expect, test } from 'vitest'
import { encodeClose, encodeCredit, encodeError, HEADER_BYTES } from '../src/frame.js'
import { GREETING_BYTES } from '../src/greeting.js'
import { WIRE_ERROR } from '../src/wire-error.js'
import { greetingBytes, type RawPeer, rawDial, rawListen } from './fixtures/raw-peer.js'

const transport = net()
const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** Dial a server that answers with `bytes` once it has the dialer's greeting. */
async function dial(
  bytes: Uint8Array,
  options: Parameters<typeof transport.connect>[1] = {},
  by = transport,
): Promise<{ error: IpcError; peer: RawPeer }> {
  let peer!: RawPeer
  const { address, server } = await rawListen((caller) => {
    peer = caller
    void caller.atLeast(GREETING_BYTES).then(
      () => caller.socket.write(bytes),
      () => {},
    )
  })
  servers.push(server)
  try {
    const connection = await by.connect(address, options)
    connection.abort()
  } catch (error) {
    if (!isIpcError(error)) throw error
    return { error, peer }
  }
  throw new Error('connected')
}

describe('a listener that does not answer with a good greeting', () => {
  test.each([
    ['an HTTP response', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), '485454502f31'],
    ['zeros', Buffer.alloc(100), '0000'],
    ['frames without a greeting', encodeClose(), '0000000700000000'],
    ['a magic that goes wrong', Buffer.from('89495043ffff', 'hex'), '89495043ffff'],
  ])('%s rejects IPC_PROTOCOL and says what came', async (_name, bytes, seen) => {
    const { error, peer } = await dial(bytes)
    expect(error.code).toBe('IPC_PROTOCOL')
    expect(error.message).toContain(seen)
    await peer.ended
  })

  test.each([
    ['another version', { versionMin: 3, versionMax: 4 }, 'IPC_VERSION_MISMATCH', '3 to 4'],
    ['the role of a dialer', { role: 0 }, 'IPC_PROTOCOL', 'role 0'],
    ['another codec', { codec: 7 }, 'IPC_PROTOCOL', "the dialer has 'msgpack'"],
    ['a required feature', { featuresRequired: 2 }, 'IPC_VERSION_MISMATCH', 'requires 0x2'],
  ])('a greeting with %s rejects, and the listener is told', async (_name, differences, code, text) => {
    const { error, peer } = await dial(greetingBytes(differences, 'acceptor'))
    expect(error.code).toBe(code)
    expect(error.message).toContain(text)
    expect((await peer.ended).readUInt16LE(GREETING_BYTES + HEADER_BYTES)).toBe(error.details?.wireCode)
    peer.socket.destroy()
  })

  test.each([
    ['VERSION', WIRE_ERROR.version, 'IPC_VERSION_MISMATCH', false],
    ['OVERLOADED', WIRE_ERROR.overloaded, 'IPC_CONNECT_FAILED', true],
    ['CODEC', WIRE_ERROR.codec, 'IPC_PROTOCOL', false],
    ['an unknown code', 12_345, 'IPC_PROTOCOL', false],
  ])('ERROR %s instead of a greeting rejects with its meaning', async (_name, wireCode, code, retryable) => {
    const frame = encodeError({ code: wireCode, retryable, reason: 'so it is' })
    const { error, peer } = await dial(frame)
    expect(error.code).toBe(code)
    expect(error.message).toContain('refused the connection: so it is')
    expect(error.details).toMatchObject({ wireCode, retryable })
    await peer.ended
  })

  test('ERROR whose length begins like a greeting is read as ERROR', async () => {
    const reason = 'x'.repeat(0x89 - 3)
    const { error } = await dial(encodeError({ code: WIRE_ERROR.codec, retryable: false, reason }))
    expect(error.code).toBe('IPC_PROTOCOL')
    expect(error.message).toContain(reason)
  })

  test('ERROR that comes byte by byte is read as well', async () => {
    const frame = encodeError({ code: WIRE_ERROR.overloaded, retryable: true, reason: 'busy' })
    const { address, server } = await rawListen(async ({ socket }) => {
      for (const byte of frame) {
        socket.write(Uint8Array.of(byte))
        await new Promise((resolve) => setImmediate(resolve))
      }
    })
    servers.push(server)
    await expect(transport.connect(address)).rejects.toMatchObject({ code: 'IPC_CONNECT_FAILED' })
  })

  test('several wrong frames at once are one failure: the next address is called once', async () => {
    const next = await transport.listen('tcp://127.0.0.1:0')
    const { address, server } = await rawListen((peer) => {
      void peer.atLeast(GREETING_BYTES).then(() => {
        peer.socket.write(Buffer.concat([encodeCredit(1), encodeCredit(1), encodeCredit(1)]))
      })
    })
    servers.push(server)
    const connection = await transport.connect(`${address},${next.address}`)
    const accepted = await next.accept()
    await expect(next.accept({ timeoutMs: 100 })).rejects.toMatchObject({ code: 'IPC_TIMEOUT' })
    for (const each of [connection, accepted]) each.abort()
    await next.close()
  })

  test('a connection closed instead rejects IPC_CONNECT_FAILED', async () => {
    for (const end of ['destroy', 'resetAndDestroy'] as const) {
      const { address, server } = await rawListen(({ socket }) => socket[end]())
      servers.push(server)
      await expect(transport.connect(address)).rejects.toMatchObject({ code: 'IPC_CONNECT_FAILED' })
    }
  })

  test('silence rejects IPC_TIMEOUT at the handshake deadline', async () => {
    const { error, peer } = await dial(new Uint8Array(0), {}, net({ handshakeTimeoutMs: 50 }))
    expect(error.code).toBe('IPC_TIMEOUT')
    expect(error.message).toContain('handshakeTimeoutMs of 50')
    await peer.ended
  })

  test('timeoutMs and signal end the wait and close the socket', async () => {
    const { error, peer } = await dial(new Uint8Array(0), { timeoutMs: 50 })
    expect(error.code).toBe('IPC_TIMEOUT')
    await peer.ended
    const { error: aborted, peer: left } = await dial(new Uint8Array(0), { signal: AbortSignal.timeout(50) })
    expect(aborted.code).toBe('IPC_ABORTED')
    await left.ended
  })

  test('a greeting behind the deadline is too late', async () => {
    const { address, server } = await rawListen(async (peer) => {
      await peer.ended
      peer.socket.end(greetingBytes({}, 'acceptor'))
      await once(peer.socket, 'close')
    })
    servers.push(server)
    await expect(transport.connect(address, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'IPC_TIMEOUT' })
  })
})

describe('two sides that differ', () => {
  test('different codecs reject IPC_PROTOCOL and the message names both', async () => {
    const listener = await transport.listen('tcp://127.0.0.1:0', { codec: json() })
    await expect(transport.connect(listener.address)).rejects.toMatchObject({
      code: 'IPC_PROTOCOL',
      message: expect.stringMatching(/the listener has 'json' .*the dialer's codec is 'msgpack'/),
    })
    await listener.close()
  })

  test('a dialer with another frame limit is sent frames of that size', async () => {
    const listener = await transport.listen('tcp://127.0.0.1:0')
    const message = 'y'.repeat(20_000)
    const peer = await rawDial(listener.address)
    peer.socket.write(greetingBytes({ maxFrameBytes: 4096 }))
    const connection = await listener.accept()
    connection.send(message)
    const total = 3 + message.length
    const frames = 1 + Math.ceil((total - 4090) / 4096)
    const received = await peer.atLeast(GREETING_BYTES + frames * HEADER_BYTES + 6 + total)
    for (let frame = 0, at = GREETING_BYTES; frame < frames; frame++) {
      const length = received.readUIntLE(at, 3)
      const last = frame === frames - 1
      expect(length).toBe(last ? total + 6 - 4096 * (frames - 1) : 4096)
      expect(received[at + 4]).toBe(frame === 0 ? 1 : last ? 2 : 0)
      at += HEADER_BYTES + length
    }
    connection.abort()
    await peer.ended
    peer.socket.destroy()
    await listener.close()
  })
})

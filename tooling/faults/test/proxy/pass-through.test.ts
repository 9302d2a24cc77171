import { connect } from 'node:net'
import { bandwidth, flip, latency, resetAfter, slice, startProxy } from '@ipc/faults'
import { describe, expect, test } from 'vitest'
import { End, type Family, pattern, pour, standsStill, startNetwork, turns, until } from './network.js'

const FAMILIES: readonly Family[] = ['tcp', 'unix']
const LARGE_BYTES = 5_000_000

describe.each(FAMILIES)('a proxy without toxics over %s', (family) => {
  test('passes the bytes of both directions', async () => {
    await using network = await startNetwork({}, { family })
    const { dialer, listener, connection } = await network.connect()
    const up = pattern(LARGE_BYTES, 1)
    const down = pattern(LARGE_BYTES, 2)
    dialer.socket.end(up)
    listener.socket.end(down)
    expect(up.equals(await listener.all())).toBe(true)
    expect(down.equals(await dialer.all())).toBe(true)
    await connection.closed
    expect([connection.bytesUp, connection.bytesDown]).toEqual([LARGE_BYTES, LARGE_BYTES])
    expect(network.proxy.connections).toEqual([])
  })

  test('passes a half close, and the other direction stays open', async () => {
    await using network = await startNetwork({}, { family })
    const { dialer, listener, connection } = await network.connect()
    dialer.socket.end('question')
    expect(String(await listener.all())).toBe('question')
    await turns(20)
    expect(dialer.ended).toBe(false)
    expect(network.proxy.connections).toEqual([connection])
    listener.socket.write('answer')
    expect(String(await dialer.bytes(6))).toBe('answer')
    listener.socket.end()
    await dialer.all()
    expect([await dialer.fate(), await listener.fate()]).toEqual(['closed', 'closed'])
    await connection.closed
  })

  test('holds a bounded number of bytes while the receiver does not read', async () => {
    await using network = await startNetwork({}, { family })
    const { dialer, listener } = await network.connect()
    listener.socket.pause()
    const sent = pattern(64 * 1024 * 1024)
    const poured = pour(dialer.socket, sent)
    await until(() => poured.takenBytes > 0)
    const taken = await standsStill(() => poured.takenBytes)
    // What the systems of both ends buffer of TCP is theirs to say.
    expect(taken).toBeLessThan(family === 'unix' ? 4_000_000 : sent.length / 2)
    listener.socket.resume()
    expect(sent.equals(await listener.all())).toBe(true)
  })

  test('ends its connections when it is closed', async () => {
    const network = await startNetwork({}, { family })
    const { dialer, listener, connection } = await network.connect()
    await network.proxy.close()
    await connection.closed
    await Promise.all([dialer.all(), listener.all()])
    await expect(network.proxy.nextConnection()).rejects.toThrow('closed')
    await network[Symbol.asyncDispose]()
  })
})

describe('a proxy', () => {
  test('resets the dialer when nobody listens', async () => {
    await using behind = await startNetwork()
    behind.proxy.stopListening()
    await using proxy = await startProxy({ upstream: behind.proxy.address, seed: 1 })
    const dialer = new End(connect({ ...proxy.address }))
    expect(await dialer.fate()).toBe('ECONNRESET')
    await until(() => proxy.connections.length === 0)
  })

  test('passes RST of either side to the other', async () => {
    await using network = await startNetwork()
    const first = await network.connect()
    first.dialer.socket.resetAndDestroy()
    expect(await first.listener.fate()).toBe('ECONNRESET')
    const second = await network.connect()
    second.listener.socket.resetAndDestroy()
    expect(await second.dialer.fate()).toBe('ECONNRESET')
    await Promise.all([first.connection.closed, second.connection.closed])
  })

  test('drops what a listener has no room for when its bytes meet a dialer that is gone', async () => {
    await using network = await startNetwork()
    const { dialer, listener, connection } = await network.connect()
    listener.socket.pause()
    dialer.socket.write(pattern(64 * 1024 * 1024))
    await until(() => connection.bytesUp > 0)
    await standsStill(() => connection.bytesUp)
    dialer.socket.resetAndDestroy()
    await until(() => {
      listener.socket.write('are you there?')
      return network.proxy.connections.length === 0
    })
    await connection.closed
    listener.socket.resume()
    expect(await listener.fate()).toMatch(/^(ECONNRESET|EPIPE)$/)
  })

  test('refuses seeds and durations that are none', async () => {
    const upstream = { host: '127.0.0.1', port: 1 }
    await expect(startProxy({ upstream, seed: -1 })).rejects.toThrow(RangeError)
    expect(() => latency({ ms: Number.NaN })).toThrow(RangeError)
    expect(() => slice({ bytes: 0 })).toThrow(RangeError)
    expect(() => flip({ probability: 0 })).toThrow(RangeError)
    expect(() => bandwidth({ bytesPerSecond: 0 })).toThrow(RangeError)
    expect(() => resetAfter({ bytes: { min: 2, max: 1 } })).toThrow(RangeError)
  })
})

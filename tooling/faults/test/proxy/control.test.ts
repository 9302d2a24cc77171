import { connect } from 'node:net'
import { blackHole, resetAfter, slice } from '@ipc/faults'
import { describe, expect, test } from 'vitest'
import { resetSocket } from '../../src/proxy/reset-socket.js'
import { End, type Family, pattern, startNetwork, turns, until } from './network.js'

const FAMILIES: readonly Family[] = ['tcp', 'unix']

describe('a connection', () => {
  test('is known by the order in which it was accepted, and counts its bytes', async () => {
    await using network = await startNetwork()
    const first = await network.connect()
    const second = await network.connect()
    expect([first.connection.id, second.connection.id]).toEqual([1, 2])
    first.dialer.socket.write('four')
    second.listener.socket.write('seven..')
    await Promise.all([first.listener.bytes(4), second.dialer.bytes(7)])
    expect(network.proxy.connections.map(({ bytesUp, bytesDown }) => [bytesUp, bytesDown])).toEqual([
      [4, 0],
      [0, 7],
    ])
  })

  test('is gone from the list at once when it is reset', async () => {
    await using network = await startNetwork()
    const { dialer, listener, connection } = await network.connect()
    connection.reset()
    expect(network.proxy.connections).toEqual([])
    await connection.closed
    expect([await dialer.fate(), await listener.fate()]).toEqual(['ECONNRESET', 'ECONNRESET'])
    connection.reset()
    connection.close()
  })

  test.each(FAMILIES)('that is closed ends both sides over %s', async (family) => {
    await using network = await startNetwork({}, { family })
    const { dialer, listener, connection } = await network.connect()
    connection.close()
    await Promise.all([dialer.all(), listener.all()])
    expect([dialer.ended, listener.ended]).toEqual([true, true])
    await connection.closed
  })

  test('that is reset over a Unix socket is closed on both sides', async () => {
    await using network = await startNetwork({}, { family: 'unix' })
    const { dialer, listener, connection } = await network.connect()
    connection.reset()
    await Promise.all([connection.closed, dialer.all(), listener.all()])
    expect([dialer.ended, listener.ended]).toEqual([true, true])
  })
})

describe('resetSocket', () => {
  test('resets in the turn in which the socket is ended', async () => {
    await using network = await startNetwork()
    const { dialer, connection } = await network.connect()
    dialer.socket.end()
    resetSocket(dialer.socket)
    expect(await dialer.fate()).toBe('closed')
    await connection.closed
  })

  test('waits for a socket that connects, so that its peer hears of the RST', async () => {
    await using network = await startNetwork()
    const accepted = network.proxy.nextConnection()
    const { socket } = network.dial()
    resetSocket(socket)
    const connection = await accepted
    await until(() => network.listeners.length === 1)
    expect(await network.listeners[0]!.fate()).toBe('ECONNRESET')
    await connection.closed
    expect(socket.destroyed).toBe(true)
  })

  test('does not wait for bytes that find no room', async () => {
    await using network = await startNetwork()
    const { dialer, connection } = await network.connect()
    connection.pause()
    dialer.socket.end(pattern(64 * 1024 * 1024))
    resetSocket(dialer.socket)
    expect(await dialer.fate()).toBe('closed')
  })
})

describe('pause', () => {
  test.each(FAMILIES)('lets nothing pass and closes nothing over %s', async (family) => {
    await using network = await startNetwork({}, { family })
    const { dialer, listener, connection } = await network.connect()
    connection.pause()
    const sent = pattern(3_000_000)
    dialer.socket.end(sent)
    listener.socket.write('answer')
    await turns(200)
    expect([connection.bytesUp, connection.bytesDown, listener.ended]).toEqual([0, 0, false])
    connection.resume()
    expect(sent.equals(await listener.all())).toBe(true)
    expect(String(await dialer.bytes(6))).toBe('answer')
  })

  test('holds RST back, behind the bytes before it', async () => {
    await using network = await startNetwork()
    const { dialer, listener, connection } = await network.connect()
    connection.pause()
    dialer.socket.write('last words')
    await until(() => dialer.socket.writableLength === 0)
    dialer.socket.resetAndDestroy()
    await dialer.fate()
    await turns(50)
    expect(network.proxy.connections).toEqual([connection])
    expect(listener.socket.destroyed).toBe(false)
    connection.resume()
    expect(await listener.fate()).toBe('ECONNRESET')
    await connection.closed
  })

  test('holds a reset by a toxic back', async () => {
    await using network = await startNetwork()
    const { dialer, connection } = await network.connect()
    const other = await network.connect()
    connection.pause()
    network.proxy.setToxics({ up: [resetAfter({ ms: 5 })] })
    await other.connection.closed
    await turns(50)
    expect(dialer.socket.destroyed).toBe(false)
    connection.resume()
    expect(await dialer.fate()).toBe('ECONNRESET')
  })

  test('of all is also of those to come, whose listener hears of them when they are resumed', async () => {
    await using network = await startNetwork()
    const present = await network.connect()
    network.proxy.pauseAll()
    const accepted = network.proxy.nextConnection()
    const dialer = network.dial()
    dialer.socket.write('to come')
    present.dialer.socket.write('present')
    await accepted
    await turns(100)
    expect(network.listeners).toHaveLength(1)
    expect(present.listener.received).toHaveLength(0)
    network.proxy.resumeAll()
    await until(() => network.listeners.length === 2)
    expect(String(await network.listeners[1]!.bytes(7))).toBe('to come')
    expect(String(await present.listener.bytes(7))).toBe('present')
  })

  test('of one that was not dialed yet ends by reset and by close', async () => {
    await using network = await startNetwork()
    network.proxy.pauseAll()
    const accepted = network.proxy.nextConnection()
    const dialer = network.dial()
    const connection = await accepted
    connection.close()
    await Promise.all([connection.closed, dialer.all()])
    const next = network.proxy.nextConnection()
    const other = network.dial()
    ;(await next).reset()
    expect(await other.fate()).toBe('ECONNRESET')
  })
})

describe('resetAll', () => {
  test('resets every connection and none to come', async () => {
    await using network = await startNetwork()
    const connected = [await network.connect(), await network.connect(), await network.connect()]
    network.proxy.resetAll()
    const fates = connected.flatMap(({ dialer, listener }) => [dialer.fate(), listener.fate()])
    expect(await Promise.all(fates)).toEqual(new Array(6).fill('ECONNRESET'))
    const { dialer, listener } = await network.connect()
    dialer.socket.end('alive')
    expect(String(await listener.all())).toBe('alive')
  })
})

describe('stopListening', () => {
  test.each(FAMILIES)('refuses dialers until listenAgain, and connections stay, over %s', async (family) => {
    await using network = await startNetwork({}, { family })
    const { dialer, listener } = await network.connect()
    const { address } = network.proxy
    network.proxy.stopListening()
    const refused = new End(connect({ ...address }))
    expect(await refused.fate()).toMatch(/^(ECONNREFUSED|ENOENT)$/)
    dialer.socket.write('still there')
    expect(String(await listener.bytes(11))).toBe('still there')
    await network.proxy.listenAgain()
    await network.proxy.listenAgain()
    expect(network.proxy.address).toEqual(address)
    const again = await network.connect()
    again.dialer.socket.end('again')
    expect(String(await again.listener.all())).toBe('again')
  })
})

describe('setToxics', () => {
  test('acts on present connections and on those to come', async () => {
    await using network = await startNetwork()
    const present = await network.connect()
    network.proxy.setToxics({ up: [blackHole({ mode: 'hold' })] })
    const later = await network.connect()
    present.dialer.socket.write('present')
    later.dialer.socket.write('later')
    await turns(50)
    expect([present.connection.bytesUp, later.connection.bytesUp]).toEqual([0, 0])
    network.proxy.setToxics({ up: [slice({ bytes: 2 })] })
    expect(String(await present.listener.bytes(7))).toBe('present')
    expect(String(await later.listener.bytes(5))).toBe('later')
  })
})

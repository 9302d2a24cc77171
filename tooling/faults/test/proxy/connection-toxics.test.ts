import { blackHole, duplicateConnection, flip, refuse, slice } from '@ipc/faults'
import { describe, expect, test } from 'vitest'
import { type Family, pattern, standsStill, startNetwork, turns, until } from './network.js'

const FAMILIES: readonly Family[] = ['tcp', 'unix']

describe('refuse', () => {
  test('resets dialers at once, and the listener does not hear of them', async () => {
    await using network = await startNetwork({ connection: [refuse()] })
    const refused = [network.dial(), network.dial(), network.dial()]
    const fates = await Promise.all(refused.map((dialer) => dialer.fate()))
    expect(fates).toEqual(['ECONNRESET', 'ECONNRESET', 'ECONNRESET'])
    expect(network.listeners).toHaveLength(0)
    network.proxy.setToxics({})
    const { dialer, listener, connection } = await network.connect()
    dialer.socket.end('welcome')
    expect(String(await listener.all())).toBe('welcome')
    expect(connection.id).toBe(1)
  })

  test('leaves present connections alone', async () => {
    await using network = await startNetwork()
    const { dialer, listener } = await network.connect()
    network.proxy.setToxics({ connection: [refuse()] })
    dialer.socket.end('present')
    expect(String(await listener.all())).toBe('present')
  })
})

describe.each(FAMILIES)('duplicateConnection over %s', (family) => {
  test('gives the listener everything twice, and the dialer one answer', async () => {
    await using network = await startNetwork({ connection: [duplicateConnection()] }, { family })
    const sent = pattern(3_000_000)
    const { dialer, connection } = await network.connect()
    await until(() => network.listeners.length === 2)
    dialer.socket.end(sent)
    for (const listener of network.listeners) expect(sent.equals(await listener.all())).toBe(true)
    for (const { socket } of network.listeners) socket.end('answer')
    expect(String(await dialer.all())).toBe('answer')
    await connection.closed
    expect(connection.bytesUp).toBe(sent.length)
  })

  test('waits for the slower of both', async () => {
    await using network = await startNetwork({ connection: [duplicateConnection()] }, { family })
    const { dialer, connection } = await network.connect()
    await until(() => network.listeners.length === 2)
    const [fast, slow] = network.listeners
    slow!.socket.pause()
    const sent = pattern(64 * 1024 * 1024)
    dialer.socket.end(sent)
    await until(() => connection.bytesUp > 0)
    expect(await standsStill(() => connection.bytesUp)).toBeLessThan(sent.length / 2)
    slow!.socket.resume()
    expect(sent.equals(await slow!.all())).toBe(true)
    expect(sent.equals(await fast!.all())).toBe(true)
  })

  test('ends with the first connection', async () => {
    await using network = await startNetwork({ connection: [duplicateConnection()] }, { family })
    const { connection } = await network.connect()
    await until(() => network.listeners.length === 2)
    connection.reset()
    await connection.closed
    for (const listener of network.listeners) await listener.all()
  })

  test('has the bytes as the toxics left them, and may lose the second connection', async () => {
    const toxics = { up: [flip({ atByte: 0 }), slice({ bytes: 1 })], connection: [duplicateConnection()] }
    await using network = await startNetwork(toxics, { family })
    const { dialer } = await network.connect()
    await until(() => network.listeners.length === 2)
    const [one, other] = network.listeners
    dialer.socket.write('a')
    expect((await one!.bytes(1)).equals(await other!.bytes(1))).toBe(true)
    expect(String(one!.received)).not.toBe('a')
    network.proxy.setToxics({ down: [blackHole({ mode: 'swallow' })] })
    // Which of both is the first is not known to the listener.
    one!.socket.write('x')
    await turns(20)
    expect(dialer.received).toHaveLength(0)
  })
})

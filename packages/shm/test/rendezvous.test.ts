import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { connect as connectSocket } from 'node:net'
import { bytes, type Connection, isIpcError, json } from '@ipc/core'
import { createRegion, fromBuffer, shm } from '@ipc/shm'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type TemporaryDirectory, temporaryDirectory } from './fixtures/temporary-directory.js'

let place: TemporaryDirectory
beforeEach(() => {
  place = temporaryDirectory()
})
afterEach(() => place.remove())

const failsWith = (code: Parameters<typeof isIpcError>[1]) =>
  expect.toSatisfy((error) => isIpcError(error, code))

async function listenElsewhere(name: string): Promise<ChildProcess> {
  const child = fork(new URL('./fixtures/listen-and-hang.ts', import.meta.url), [place.directory, name], {
    execArgv: ['--import', 'tsx', '--conditions=@ipc/source'],
  })
  await once(child, 'message')
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

describe('shm listen', () => {
  test('refuses a name that another process listens on', async () => {
    const child = await listenElsewhere('taken')
    await expect(shm(place).listen('taken')).rejects.toThrow(failsWith('IPC_ADDRESS_IN_USE'))
    await kill(child)
  })

  test('takes over the name of a listener that was killed, and leaves no file behind', async () => {
    await kill(await listenElsewhere('stale'))
    expect(existsSync(`${place.directory}/stale.sock`)).toBe(true)
    writeFileSync(`${place.directory}/stale.0123456789abcdef.pair`, 'left by the dead listener')
    writeFileSync(`${place.directory}/stale.other.0123456789abcdef.pair`, 'of the listener on stale.other')
    const listener = await shm(place).listen('stale')
    const connection = await shm(place).connect('stale')
    await connection.close()
    await listener.close()
    expect(readdirSync(place.directory)).toEqual(['stale.other.0123456789abcdef.pair'])
  })

  test('leaves no file of a connection that is open', async () => {
    const listener = await shm(place).listen('open')
    const connection = await shm(place).connect('open')
    expect(readdirSync(place.directory).sort()).toEqual(['open.lock', 'open.sock'])
    connection.abort()
    await listener.close()
    expect(readdirSync(place.directory)).toEqual([])
  })

  test('survives peers that talk nonsense or hang up in the middle', async () => {
    const listener = await shm(place).listen('robust')
    for (const speech of [
      '',
      'GET / HTTP/1.1\r\n\r\n',
      '{}\n',
      '{"ipc":"shm"}\n',
      '[',
      'x'.repeat(10_000),
      '\n',
      'null\n',
    ]) {
      const socket = connectSocket(`${place.directory}/robust.sock`)
      socket.on('error', () => {})
      socket.resume()
      socket.end(speech)
      await once(socket, 'close')
    }
    const connection = await shm(place).connect('robust')
    connection.abort()
    await listener.close()
    expect(readdirSync(place.directory)).toEqual([])
  })

  test('says what differs to a peer of another layout version', async () => {
    const listener = await shm(place).listen('version')
    const socket = connectSocket(`${place.directory}/version.sock`)
    socket.write('{"ipc":"shm","version":99}\n')
    const [answer] = await once(socket, 'data')
    expect(JSON.parse(String(answer))).toMatchObject({ code: 'IPC_VERSION_MISMATCH' })
    socket.destroy()
    await listener.close()
  })

  test('names and options that cannot be right throw at once', async () => {
    for (const name of ['', 'a/b', '../x', 'x'.repeat(65), 7 as never]) {
      await expect(shm(place).listen(name)).rejects.toThrow(TypeError)
      await expect(shm(place).connect(name)).rejects.toThrow(TypeError)
    }
    for (const ringBytes of [0, 1000, 1023, 3 * 2 ** 20, Number.NaN]) {
      expect(() => shm({ ringBytes })).toThrow(RangeError)
    }
    const directory = `${place.directory}/${'x'.repeat(100)}`
    await expect(shm({ directory }).listen('long')).rejects.toThrow(RangeError)
  })
})

describe('shm connect', () => {
  test('fails with IPC_PROTOCOL on both sides, naming both, when the codecs differ', async () => {
    const listener = await shm(place).listen('codecs', { codec: json() })
    await expect(shm(place).connect('codecs', { codec: bytes() })).rejects.toThrow(/bytes here, json there/)
    await listener.close()
    expect(readdirSync(place.directory)).toEqual([])
  })

  test('fails with IPC_CONNECT_FAILED when the listener was killed', async () => {
    await kill(await listenElsewhere('gone'))
    await expect(shm(place).connect('gone')).rejects.toThrow(failsWith('IPC_CONNECT_FAILED'))
  })

  test('a message of a peer that was killed right after sending is received before IPC_PEER_LOST', async () => {
    const child = await listenElsewhere('last-words')
    const connection = await shm(place).connect('last-words')
    expect(await connection.receive()).toBe('hello')
    await kill(child)
    await expect(connection.receive()).rejects.toThrow(failsWith('IPC_PEER_LOST'))
    expect(await connection.closed).toMatchObject({ by: 'transport', code: 'IPC_PEER_LOST' })
  })

  test('messages larger than the ring arrive whole and in order', async () => {
    const { near, far, end } = await pair(4096)
    const sizes = [0, 1, 1015, 1016, 1017, 2048, 4096, 100_000, 5, 1_000_000]
    for (const size of sizes) near.send(new Uint8Array(size).fill(size % 251))
    for (const size of sizes) {
      const message = await far.receive()
      expect(message.length).toBe(size)
      expect(message.every((byte) => byte === size % 251)).toBe(true)
    }
    await end()
  })

  test('an idle connection parks, and wakes for the next message of either side', async () => {
    const { near, far, end } = await pair(4096)
    for (let round = 0; round < 20; round++) {
      // Longer than any hot window: both sides sleep on their doorbells by now.
      await new Promise((resolve) => setTimeout(resolve, 5))
      near.send(Uint8Array.of(round))
      expect(await far.receive()).toEqual(Uint8Array.of(round))
      far.send(Uint8Array.of(round))
      expect(await near.receive()).toEqual(Uint8Array.of(round))
    }
    await end()
  })
})

describe('fromBuffer', () => {
  test('refuses a third side, a region too small and what is no region', async () => {
    const buffer = createRegion(8192).buffer as SharedArrayBuffer
    const [one, other] = await Promise.all([fromBuffer(buffer), fromBuffer(buffer)])
    await expect(fromBuffer(buffer)).rejects.toThrow(failsWith('IPC_ADDRESS_IN_USE'))
    one.send('still there')
    expect(await other.receive()).toBe('still there')
    one.abort()
    await expect(fromBuffer(createRegion(1000).buffer as SharedArrayBuffer)).rejects.toThrow(RangeError)
    await expect(fromBuffer(new SharedArrayBuffer(10_000))).rejects.toThrow(failsWith('IPC_PROTOCOL'))
    await expect(fromBuffer(new ArrayBuffer(10_000) as never)).rejects.toThrow(TypeError)
  })

  test('waits for the other side no longer than it is told', async () => {
    const buffer = createRegion(8192).buffer as SharedArrayBuffer
    await expect(fromBuffer(buffer, { timeoutMs: 1 })).rejects.toThrow(failsWith('IPC_TIMEOUT'))
    const signal = AbortSignal.abort('no more')
    await expect(fromBuffer(createRegion(8192).buffer as SharedArrayBuffer, { signal })).rejects.toThrow(
      failsWith('IPC_ABORTED'),
    )
  })

  test('fails with IPC_PROTOCOL on both sides when the codecs differ', async () => {
    const buffer = createRegion(8192).buffer as SharedArrayBuffer
    const results = await Promise.allSettled([
      fromBuffer(buffer, { codec: json() }),
      fromBuffer(buffer, { codec: bytes() }),
    ])
    expect(results.map((result) => result.status === 'rejected' && result.reason.code)).toEqual([
      'IPC_PROTOCOL',
      'IPC_PROTOCOL',
    ])
  })
})

interface ConnectedPair {
  readonly near: Connection<Uint8Array>
  readonly far: Connection<Uint8Array>
  end(): Promise<void>
}

async function pair(ringBytes: number): Promise<ConnectedPair> {
  const transport = shm({ ...place, ringBytes })
  const listener = await transport.listen('pair', { codec: bytes() })
  const far = await transport.connect('pair', { codec: bytes() })
  const near = await listener.accept()
  await listener.close()
  return {
    near,
    far,
    async end() {
      await Promise.all([near.close(), far.close()])
      expect(readdirSync(place.directory)).toEqual([])
    },
  }
}

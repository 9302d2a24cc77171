import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import {
  bandwidth,
  formatRecording,
  parseRecording,
  recordedBytes,
  replay,
  resetAfter,
  slice,
} from '@ipc/faults'
import { describe, expect, test } from 'vitest'
import { endpointOf } from '../../src/proxy/endpoint.js'
import { End, pattern, startNetwork } from './network.js'

describe('a recorder', () => {
  test('has the bytes and the ends of both directions of every connection, in order', async () => {
    await using network = await startNetwork({ up: [slice({ bytes: 3 })] })
    const recorder = network.proxy.record()
    const first = await network.connect()
    first.dialer.socket.end('question')
    await first.listener.all()
    first.listener.socket.end('answer')
    await first.connection.closed
    const second = await network.connect()
    second.dialer.socket.resetAndDestroy()
    await second.connection.closed
    recorder.stop()
    const third = await network.connect()
    third.dialer.socket.write('unheard')
    await third.listener.bytes(7)
    const events = recorder.events.map(({ connection, direction, kind, bytes }) => [
      connection,
      direction,
      kind === 'bytes' ? Buffer.from(bytes).toString() : kind,
    ])
    expect(events).toEqual([
      [1, 'up', 'que'],
      [1, 'up', 'sti'],
      [1, 'up', 'on'],
      [1, 'up', 'end'],
      [1, 'down', 'answer'],
      [1, 'down', 'end'],
      [2, 'up', 'reset'],
    ])
    const times = recorder.events.map(({ atMs }) => atMs)
    expect([...times].sort((one, other) => one - other)).toEqual(times)
    expect(String(recordedBytes(recorder.events, { connection: 1, direction: 'up' }))).toBe('question')
  })

  test('is text and becomes events again', async () => {
    await using network = await startNetwork({ down: [resetAfter({ bytes: 500 })] })
    const recorder = network.proxy.record()
    const { listener, connection } = await network.connect()
    listener.socket.write(pattern(1000))
    await connection.closed
    const text = formatRecording(recorder.events)
    const parsed = parseRecording(text)
    expect(parsed.map(({ kind }) => kind).at(-1)).toBe('reset')
    expect(parsed.map(({ bytes }) => bytes)).toEqual(recorder.events.map(({ bytes }) => bytes))
    expect(formatRecording(parsed)).toBe(text)
    expect(
      recordedBytes(parsed, { connection: 1, direction: 'down' }).equals(pattern(1000).subarray(0, 500)),
    ).toBe(true)
  })

  test.each([
    '',
    'ipc-recording-1\n[1,"up",0,"bytes"]',
    'ipc-recording-1\n{}',
    'ipc-recording-1\n[0,"up",0,"end"]',
  ])('is not %j', (text) => {
    expect(() => parseRecording(text)).toThrow(TypeError)
  })
})

describe('replay', () => {
  test('writes what was written, and ends as it was ended', async () => {
    await using network = await startNetwork({ up: [slice({ bytes: 100 })] })
    const recorder = network.proxy.record()
    const { dialer, listener } = await network.connect()
    dialer.socket.end(pattern(1000))
    await listener.all()
    const received = await replayed(formatRecording(recorder.events))
    expect(received.ended).toBe(true)
    expect(received.received.equals(pattern(1000))).toBe(true)
  })

  test('resets as it was reset', async () => {
    await using network = await startNetwork({ up: [resetAfter({ bytes: 10 })] })
    const recorder = network.proxy.record()
    const { dialer, connection } = await network.connect()
    dialer.socket.write(pattern(1000))
    await connection.closed
    expect(await (await replayed(formatRecording(recorder.events))).fate()).toBe('ECONNRESET')
  })

  test('keeps the times when it has a speed', async () => {
    await using network = await startNetwork({ up: [bandwidth({ bytesPerSecond: 10_000 })] })
    const recorder = network.proxy.record()
    const { dialer, listener } = await network.connect()
    dialer.socket.end(pattern(1000))
    await listener.all()
    const beganMs = performance.now()
    await replayed(formatRecording(recorder.events), 2)
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(35)
  })

  /** What a listener gets from a replay of what went up in the first connection. */
  async function replayed(text: string, speed?: number): Promise<End> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const accepted = once(server, 'connection')
    const socket = connect({ ...endpointOf(server) })
    const end = new End((await accepted)[0])
    const which = { connection: 1, direction: 'up' } as const
    await replay(parseRecording(text), socket, speed === undefined ? which : { ...which, speed })
    await end.all()
    socket.destroy()
    end.socket.destroy()
    server.close()
    return end
  }
})

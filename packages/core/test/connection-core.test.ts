import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { describe, expect, test, vi } from 'vitest'
import { bytes, type CloseReason, type Codec, DIAGNOSTICS_CHANNELS, IpcError } from '../src/index.js'
import { fakeConnection } from './fake-link.js'

const NOTHING = { messages: 0, bytes: 0 }

describe('Connection over a link', () => {
  test('close ends the link and waits for both ends', async () => {
    const { connection, link } = fakeConnection()
    const closing = connection.close()
    expect([connection.status, link.calls]).toEqual(['closing', ['end']])
    link.events.ended()
    expect(connection.status).toBe('closing')
    link.events.peerEnded()
    await closing
    expect([connection.status, link.calls]).toEqual(['closed', ['end', 'destroy']])
    expect(link.aborted).toBeUndefined()
    expect(await connection.closed).toEqual({
      by: 'local',
      code: undefined,
      error: undefined,
      unsent: NOTHING,
      unknown: NOTHING,
      discarded: NOTHING,
    })
  })

  test('the end of the peer ends this side after what it has to send', async () => {
    const { connection, link } = fakeConnection()
    link.events.peerEnded()
    expect([connection.status, link.calls]).toEqual(['closing', ['end']])
    expect(() => connection.send('x')).toThrow('connection is closing, by the peer')
    link.events.ended()
    expect((await connection.closed).by).toBe('remote')
  })

  test.each([
    ['IPC_ABORTED', 'remote', undefined],
    ['IPC_PEER_LOST', 'transport', undefined],
    ['IPC_PROTOCOL', 'transport', 'IPC_PROTOCOL'],
  ] as const)('a link lost by %s ends it by %s', async (code, by, told) => {
    const { connection, link } = fakeConnection()
    const pending = expect(connection.receive()).rejects.toMatchObject({ code })
    link.bufferedMessages = 3
    link.bufferedBytes = 300
    const error = new IpcError(code, 'as it happens', { details: { why: 1 } })
    link.events.lost(error)
    await pending
    expect(await connection.closed).toMatchObject({ by, code, error, unsent: { messages: 3, bytes: 300 } })
    // The peer is told only of what it did wrong; it knows the rest.
    expect(link.aborted?.code).toBe(told)
    expect(() => connection.send('x')).toThrow(expect.objectContaining({ code, details: { why: 1 } }))
    link.events.lost(new IpcError('IPC_PEER_LOST', 'again'))
    expect((await connection.closed).code).toBe(code)
  })

  test('abort tells the peer, counts what is lost and lets nothing in afterwards', async () => {
    const { connection, link } = fakeConnection()
    link.events.deliver('unread', 6)
    link.bufferedMessages = 1
    link.bufferedBytes = 10
    connection.abort('why')
    expect(link.aborted).toMatchObject({ code: 'IPC_ABORTED', cause: 'why' })
    link.events.deliver('late', 4)
    expect(connection.tryReceive()).toBeUndefined()
    expect(await connection.closed).toMatchObject({
      by: 'local',
      unsent: { messages: 1, bytes: 10 },
      discarded: { messages: 1, bytes: 6 },
    })
  })

  test('send throws IPC_QUEUE_FULL at the hard limit and the link is not asked', () => {
    const { connection, link } = fakeConnection({ highWaterMarkBytes: 10, maxBufferedBytes: 20 })
    link.bufferedBytes = 19
    link.congested = true
    expect(connection.send('fits')).toBe(false)
    link.bufferedBytes = 20
    expect(() => connection.send('does not')).toThrow(
      expect.objectContaining({
        code: 'IPC_QUEUE_FULL',
        details: { bufferedBytes: 20, maxBufferedBytes: 20 },
      }),
    )
    expect(link.sent).toEqual(['fits'])
    expect(connection.stats()).toMatchObject({ messagesSent: 1, congestions: 1 })
  })

  test('what the link refuses is not counted as sent', () => {
    const { connection, link } = fakeConnection()
    link.onSend = () => {
      throw new TypeError('not a message')
    }
    expect(() => connection.send('x')).toThrow(TypeError)
    expect(connection.stats().messagesSent).toBe(0)
  })

  test('drained waits for the link to flow, for every caller', async () => {
    const { connection, link } = fakeConnection()
    await connection.drained()
    link.congested = true
    const settled = vi.fn()
    const waits = [connection.drained().then(settled), connection.drained().then(settled)]
    await Promise.resolve()
    expect(settled).not.toHaveBeenCalled()
    link.congested = false
    link.events.flowing()
    await Promise.all(waits)
  })

  test('drained rejects when the connection ends first', async () => {
    const { connection, link } = fakeConnection()
    link.congested = true
    const check = expect(connection.drained()).rejects.toMatchObject({ code: 'IPC_PEER_LOST' })
    link.events.lost(new IpcError('IPC_PEER_LOST', 'gone'))
    await check
  })

  test('unread messages pause the link at the mark and resume it at half of it', async () => {
    const { connection, link } = fakeConnection({ highWaterMarkBytes: 1000 })
    // Each counts as its bytes and 64 more.
    for (let i = 0; i < 4; i++) link.events.deliver(i, 186)
    expect(link.calls).toEqual(['pause'])
    await connection.receive()
    expect(link.calls).toEqual(['pause'])
    connection.tryReceive()
    expect(link.calls).toEqual(['pause', 'resume'])
  })

  test('messages that cannot be decoded pause the link like others', () => {
    const { connection, link } = fakeConnection({ highWaterMarkBytes: 1000 })
    for (let i = 0; i < 4; i++) link.events.deliverEncoded(new Uint8Array(186), 0, 186)
    expect(connection.stats()).toMatchObject({ decodeFailures: 4, unreadMessages: 4, unreadBytes: 1000 })
    expect(link.calls).toEqual(['pause'])
  })

  test('closing resumes a paused link, and discards above the hard limit what nobody reads', async () => {
    const { connection, link } = fakeConnection({ highWaterMarkBytes: 1000, maxBufferedBytes: 2000 })
    for (let i = 0; i < 4; i++) link.events.deliver(i, 186)
    void connection.close()
    expect(link.calls).toEqual(['pause', 'resume', 'end'])
    for (let i = 4; i < 10; i++) link.events.deliver(i, 186)
    link.events.ended()
    link.events.peerEnded()
    expect((await connection.closed).discarded).toEqual({ messages: 2, bytes: 372 })
    expect(connection.stats()).toMatchObject({ unreadMessages: 8, messagesReceived: 10 })
    for (let i = 0; i < 8; i++) expect(connection.tryReceive()).toBe(i)
  })

  test('views go to listeners at once; what waits, or may be kept, is a copy', async () => {
    const { connection, link } = fakeConnection({ codec: bytes({ views: true }) as Codec })
    const source = Uint8Array.of(1, 2, 3, 4)
    link.events.deliverEncoded(source, 0, 2)
    const seen: unknown[] = []
    const stop = connection.onMessage((message) => seen.push(message))
    await Promise.resolve()
    link.events.deliverEncoded(source, 1, 3)
    source[1] = 9
    expect(seen).toEqual([Uint8Array.of(1, 2), Uint8Array.of(9, 3)])
    const unsubscribe = connection.intercept(() => false)
    link.events.deliverEncoded(source, 2, 4)
    source[2] = 8
    expect(seen[2]).toEqual(Uint8Array.of(3, 4))
    unsubscribe()
    stop()
    link.events.deliverEncoded(source, 0, 1)
    source[0] = 7
    expect(await connection.receive()).toEqual(Uint8Array.of(1))
  })

  test('without a codec encoded messages are IPC_DECODE_FAILED', async () => {
    const { connection, link } = fakeConnection()
    link.events.deliverEncoded(new Uint8Array(3), 0, 3)
    await expect(connection.receive()).rejects.toMatchObject({ code: 'IPC_DECODE_FAILED' })
    expect(connection.stats()).toMatchObject({ bytesReceived: 3, messagesReceived: 1 })
  })

  test('a schema that validates asynchronously is IPC_DECODE_FAILED and says why', async () => {
    const validate = async (): Promise<never> => {
      throw new Error('nobody hears this')
    }
    const { connection, link } = fakeConnection({
      schema: { '~standard': { version: 1, vendor: 'test', validate } },
    })
    link.events.deliver('x', 1)
    await expect(connection.receive()).rejects.toThrow('validates asynchronously')
  })

  test('interceptors see messages first, unread ones too, and keep what they take', async () => {
    const { connection, link } = fakeConnection()
    link.events.deliver(1, 1)
    link.events.deliver('mine', 4)
    const taken: unknown[] = []
    const stop = connection.intercept((message) => typeof message === 'string' && taken.push(message) > 0)
    link.events.deliver('mine too', 8)
    link.events.deliver(2, 1)
    expect(taken).toEqual(['mine', 'mine too'])
    stop()
    link.events.deliver('not mine', 8)
    expect([connection.tryReceive(), connection.tryReceive(), connection.tryReceive()]).toEqual([
      1,
      2,
      'not mine',
    ])
  })

  test('a listener gets unread messages before those that come meanwhile', async () => {
    const { connection, link } = fakeConnection()
    link.events.deliver(1, 1)
    link.events.deliver(2, 1)
    const seen: unknown[] = []
    connection.onMessage((message) => {
      seen.push(message)
      if (message === 1) link.events.deliver(4, 1)
    })
    link.events.deliver(3, 1)
    expect(seen).toEqual([])
    await Promise.resolve()
    expect(seen).toEqual([1, 2, 3, 4])
    link.events.deliver(5, 1)
    expect(seen).toEqual([1, 2, 3, 4, 5])
  })

  test('a listener that unsubscribes while it is called leaves the rest unread', async () => {
    const { connection, link } = fakeConnection()
    for (const n of [1, 2, 3]) link.events.deliver(n, 1)
    const seen: unknown[] = []
    const stop = connection.onMessage((message) => {
      seen.push(message)
      stop()
    })
    await Promise.resolve()
    expect(seen).toEqual([1])
    expect(await connection.receive()).toBe(2)
  })

  test('ref and unref reach the link while it lives', () => {
    const { connection, link } = fakeConnection()
    connection.unref()
    connection.ref()
    connection.abort()
    connection.ref()
    connection.unref()
    expect(link.calls).toEqual(['unref', 'ref', 'destroy'])
    expect(connection.peer).toEqual({ transport: 'fake', pid: 7 })
  })

  test('errors after the end are new each time and keep the cause', () => {
    const { connection } = fakeConnection()
    const reason = new Error('enough')
    connection.abort(reason)
    const caught = [0, 1].map(() => {
      try {
        connection.send('x')
      } catch (error) {
        return error as Error
      }
      return undefined
    })
    expect(caught[0]).not.toBe(caught[1])
    expect(caught[0]?.cause).toBe(reason)
  })

  test('opening and closing are published on diagnostics channels', async () => {
    const seen: [string, object][] = []
    const listen = (message: unknown, name: string | symbol): void => {
      seen.push([String(name), message as object])
    }
    for (const name of DIAGNOSTICS_CHANNELS) subscribe(name, listen)
    const { connection } = fakeConnection()
    connection.abort()
    for (const name of DIAGNOSTICS_CHANNELS) unsubscribe(name, listen)
    const reason: CloseReason = await connection.closed
    expect(seen).toEqual([
      ['ipc:connection:open', { connection, peer: connection.peer }],
      ['ipc:connection:close', { connection, reason }],
    ])
  })
})

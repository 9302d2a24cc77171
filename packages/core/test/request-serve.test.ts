import { describe, expect, test, vi } from 'vitest'
import { IpcError, isIpcError, type RequestContext, request, serve } from '../src/index.js'
import { fakeConnection, joinedConnections } from './fake-link.js'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('request and serve', () => {
  test('a request is answered by what the handler returns, now or later', async () => {
    const [client, server] = joinedConnections()
    serve(server, (body) => ({ got: body }))
    expect(await request(client, 1)).toEqual({ got: 1 })
    const [other, slow] = joinedConnections()
    serve(slow, async (body) => body)
    expect(await request(other, undefined)).toBeUndefined()
  })

  test('a body of undefined is left out, for codecs that do not carry undefined', async () => {
    const [client, server, clientLink, serverLink] = joinedConnections()
    serve(server, () => undefined)
    expect(await request(client, undefined)).toBeUndefined()
    expect(clientLink.sent).toEqual([{ ipc: 'request', id: 1 }])
    expect(Object.keys(clientLink.sent[0] as object)).not.toContain('body')
    expect(Object.keys(serverLink.sent[0] as object)).not.toContain('body')
  })

  test('what the handler throws is the error of the caller', async () => {
    const [client, server] = joinedConnections()
    const failures: unknown[] = [
      new RangeError('out of range'),
      'just text',
      new IpcError('IPC_FENCED', 'evicted', { details: { epoch: 3 } }),
    ]
    serve(server, (body) => {
      throw failures[body as number]
    })
    await expect(request(client, 0)).rejects.toMatchObject({
      code: 'IPC_REMOTE_FAILED',
      message: 'RangeError: out of range',
    })
    await expect(request(client, 1)).rejects.toMatchObject({
      code: 'IPC_REMOTE_FAILED',
      message: 'just text',
    })
    await expect(request(client, 2)).rejects.toMatchObject({ code: 'IPC_FENCED', details: { epoch: 3 } })
  })

  test('a request under an id that is being handled fails, and the first one still hears of the end', async () => {
    const [client, server, , serverLink] = joinedConnections()
    const signals: AbortSignal[] = []
    serve(server, (_body, { signal }) => {
      signals.push(signal)
      return new Promise(() => {})
    })
    for (let i = 0; i < 3; i++) client.send({ ipc: 'request', id: 7 })
    await vi.waitFor(() => expect(serverLink.sent).toHaveLength(2))
    expect(serverLink.sent[0]).toMatchObject({ ipc: 'failure', id: 7, error: { code: 'IPC_PROTOCOL' } })
    server.abort()
    await vi.waitFor(() => expect(signals.map(({ aborted }) => aborted)).toEqual([true]))
  })

  test('a deadline travels and aborts the handler', async () => {
    const [client, server, link] = joinedConnections()
    let context: RequestContext | undefined
    serve(server, (_body, given) => {
      context = given
      return new Promise(() => {})
    })
    await expect(request(client, 'slow', { timeoutMs: 20 })).rejects.toMatchObject({ code: 'IPC_TIMEOUT' })
    expect(link.sent[0]).toMatchObject({ ipc: 'request', body: 'slow', timeoutMs: 20 })
    await vi.waitFor(() => expect(context?.signal.aborted).toBe(true))
    expect(context?.connection).toBe(server)
  })

  test('cancellation tells the handler, also after serving stopped, and no reply is sent', async () => {
    const [client, server, , serverLink] = joinedConnections()
    let signal: AbortSignal | undefined
    const stop = serve(server, (_body, context) => {
      signal = context.signal
      return new Promise((resolve) => context.signal.addEventListener('abort', resolve))
    })
    const controller = new AbortController()
    const check = expect(request(client, 'x', { signal: controller.signal })).rejects.toMatchObject({
      code: 'IPC_ABORTED',
    })
    await vi.waitFor(() => expect(signal).toBeDefined())
    stop()
    controller.abort()
    await check
    await vi.waitFor(() => expect(signal?.aborted).toBe(true))
    expect(isIpcError(signal?.reason, 'IPC_ABORTED')).toBe(true)
    await turn()
    expect(serverLink.sent).toEqual([])
    expect(server.tryReceive()).toBeUndefined()
  })

  test('serving that stopped leaves requests to other readers', async () => {
    const [client, server] = joinedConnections()
    serve(server, () => 'first')()
    const reply = request(client, 'x')
    await vi.waitFor(() => expect(server.stats().unreadMessages).toBe(1))
    serve(server, () => 'second')
    expect(await reply).toBe('second')
  })

  test('messages of the application pass by, even those that look a little like ours', async () => {
    const [client, server] = joinedConnections()
    serve(server, () => 'reply')
    void request(client, 'x')
    const own = [{ ipc: 'request' }, { ipc: 'reply', id: 'text' }, { ipc: 'other', id: 1 }, null, 'reply']
    for (const message of own) client.send(message)
    for (const message of own) expect(await server.receive()).toEqual(message)
  })

  test('a reply that nobody waits for is dropped', async () => {
    const { connection, link } = fakeConnection()
    const check = expect(request(connection, 'x', { timeoutMs: 1 })).rejects.toMatchObject({
      code: 'IPC_TIMEOUT',
    })
    await check
    link.events.deliver({ ipc: 'reply', id: 1, body: 'late' }, 1)
    link.events.deliver({ ipc: 'failure', id: 99, error: null }, 1)
    expect(connection.tryReceive()).toBeUndefined()
    expect(link.sent.at(-1)).toEqual({ ipc: 'cancel', id: 1 })
  })

  test('a failure that cannot be read is IPC_REMOTE_FAILED', async () => {
    for (const error of [null, {}, { code: 'IPC_NEW', message: 'x' }, { code: 'IPC_CLOSED' }]) {
      const { connection, link } = fakeConnection()
      const check = expect(request(connection, 'x')).rejects.toMatchObject({ code: 'IPC_REMOTE_FAILED' })
      link.events.deliver({ ipc: 'failure', id: 1, error }, 1)
      await check
    }
  })

  test.each([Number.NaN, -5, 'soon', null])(
    'a deadline of %s from the peer is ignored',
    async (timeoutMs) => {
      const { connection, link } = fakeConnection()
      serve(connection, () => 'fine')
      link.events.deliver({ ipc: 'request', id: 1, body: 0, timeoutMs }, 1)
      await vi.waitFor(() => expect(link.sent).toEqual([{ ipc: 'reply', id: 1, body: 'fine' }]))
    },
  )
})

describe('request', () => {
  test('settles with why the connection ended', async () => {
    const { connection, link } = fakeConnection()
    const checks = [request(connection, 1), request(connection, 2, { timeoutMs: 1e9 })].map((pending) =>
      expect(pending).rejects.toMatchObject({ code: 'IPC_PEER_LOST' }),
    )
    link.events.lost(new IpcError('IPC_PEER_LOST', 'gone'))
    await Promise.all(checks)
    await expect(request(connection, 3)).rejects.toMatchObject({ code: 'IPC_PEER_LOST' })
  })

  test('settles with what send throws', async () => {
    const { connection, link } = fakeConnection()
    link.onSend = () => {
      throw new IpcError('IPC_MESSAGE_TOO_LARGE', 'too large')
    }
    await expect(request(connection, 1)).rejects.toMatchObject({ code: 'IPC_MESSAGE_TOO_LARGE' })
  })

  test('sends nothing when its signal is aborted or its timeout makes no sense', async () => {
    const { connection, link } = fakeConnection()
    await expect(request(connection, 1, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'IPC_ABORTED',
    })
    await expect(request(connection, 1, { timeoutMs: Number.NaN })).rejects.toThrow(RangeError)
    expect(link.sent).toEqual([])
  })

  test('waits its turn on a congested connection, and is not sent when it was given up meanwhile', async () => {
    const { connection, link } = fakeConnection()
    const sent = (): unknown[] => link.sent.map((message) => (message as { body: unknown }).body)
    link.congested = true
    const controller = new AbortController()
    const [first, second, third] = [
      request(connection, 'first'),
      request(connection, 'second', { signal: controller.signal }),
      request(connection, 'third'),
    ]
    const aborted = expect(second).rejects.toMatchObject({ code: 'IPC_ABORTED' })
    await turn()
    expect(sent()).toEqual(['first'])
    controller.abort()
    await aborted
    link.congested = false
    link.events.flowing()
    await turn()
    expect(sent()).toEqual(['first', 'third'])
    for (const [i, message] of (link.sent as { id: number }[]).entries()) {
      link.events.deliver({ ipc: 'reply', id: message.id, body: i }, 1)
    }
    expect(await Promise.all([first, third])).toEqual([0, 1])
  })

  test('waits when somebody else filled the connection', async () => {
    const { connection, link } = fakeConnection({ highWaterMarkBytes: 10, maxBufferedBytes: 20 })
    link.bufferedBytes = 20
    link.congested = true
    const reply = request(connection, 'x')
    await turn()
    expect(link.sent).toEqual([])
    link.bufferedBytes = 0
    link.congested = false
    link.events.flowing()
    await turn()
    expect(link.sent).toHaveLength(1)
    link.events.deliver({ ipc: 'reply', id: 1, body: 'there' }, 1)
    expect(await reply).toBe('there')
  })
})

describe('serve', () => {
  test('aborts running handlers when the connection ends, and sends no reply', async () => {
    const { connection, link } = fakeConnection()
    const signals: AbortSignal[] = []
    serve(connection, (_body, { signal }) => {
      signals.push(signal)
      return new Promise((resolve) => signal.addEventListener('abort', resolve))
    })
    link.events.deliver({ ipc: 'request', id: 1, body: 0 }, 1)
    link.events.lost(new IpcError('IPC_PEER_LOST', 'gone'))
    await turn()
    expect(signals.map(({ reason }) => (reason as IpcError).code)).toEqual(['IPC_PEER_LOST'])
    expect(link.sent).toEqual([])
  })

  test('tells the caller when the reply cannot be sent', async () => {
    const { connection, link } = refusingReplies()
    serve(connection, () => 'unsendable')
    link.events.deliver({ ipc: 'request', id: 4, body: 0 }, 1)
    await turn()
    expect(link.sent.at(-1)).toMatchObject({
      ipc: 'failure',
      id: 4,
      error: { code: 'IPC_MESSAGE_TOO_LARGE' },
    })
  })

  test('ends the connection when not even the failure can be sent', async () => {
    const { connection, link } = fakeConnection()
    link.onSend = () => {
      throw new TypeError('nothing goes')
    }
    serve(connection, () => 'unsendable')
    link.events.deliver({ ipc: 'request', id: 4, body: 0 }, 1)
    expect((await connection.closed).code).toBe('IPC_ABORTED')
  })

  test('sends replies one after the other while the connection is congested', async () => {
    const { connection, link } = fakeConnection()
    serve(connection, (body) => body)
    link.congested = true
    for (let id = 1; id <= 3; id++) link.events.deliver({ ipc: 'request', id, body: id }, 1)
    await turn()
    expect(link.sent).toHaveLength(1)
    link.congested = false
    link.events.flowing()
    await turn()
    expect(link.sent).toHaveLength(3)
  })
})

function refusingReplies(): ReturnType<typeof fakeConnection> {
  const fake = fakeConnection()
  fake.link.onSend = (message) => {
    if ((message as { ipc: string }).ipc === 'reply') throw new IpcError('IPC_MESSAGE_TOO_LARGE', 'too large')
  }
  return fake
}

import { once } from 'node:events'
import { mq } from '@ipc/mq'
import { describe, expect, test } from 'vitest'
import { channel, envelopes, failure, held, MARK, pair, passed } from './fixtures/ports.js'

describe('greeting', () => {
  test('connect waits for a listener that comes later', async () => {
    const { port1, port2 } = channel()
    const connecting = mq().connect<string>(port1)
    const listener = await mq().listen<string>(port2)
    const [near, far] = await Promise.all([connecting, listener.accept()])
    near.send('hello')
    expect(await far.receive()).toBe('hello')
    await expect(listener.accept({ timeoutMs: 0 })).rejects.toMatchObject({ code: 'IPC_TIMEOUT' })
    await listener.close()
    await near.close()
  })

  test('a hello that the application took for its own is said again when a listener appears', async () => {
    const { port1, port2 } = channel()
    port2.on('message', () => {})
    const connecting = mq().connect<string>(port1)
    await passed(port1, port2)
    const listener = await mq().listen<string>(port2)
    const [near, far] = await Promise.all([connecting, listener.accept()])
    far.send('welcome')
    expect(await near.receive()).toBe('welcome')
    await expect(listener.accept({ timeoutMs: 0 })).rejects.toMatchObject({ code: 'IPC_TIMEOUT' })
    await listener.close()
    await near.close()
  })

  test('connect to a port where nobody listens times out and holds nothing back', async () => {
    const { port1, port2 } = channel()
    await expect(mq().connect(port1, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'IPC_TIMEOUT' })
    expect(held(port1)).toBe(false)
    // Those who gave up are not offered to a listener that comes after all, and take no place there.
    const listener = await mq().listen(port2, { backlog: 1 })
    await passed(port1, port2)
    await expect(listener.accept({ timeoutMs: 0 })).rejects.toMatchObject({ code: 'IPC_TIMEOUT' })
    const near = await mq().connect(port1)
    await listener.accept()
    await listener.close()
    await near.close()
  })

  test('of many that connect in one tick, those beyond the backlog are refused', async () => {
    const { port1, port2 } = channel()
    const listener = await mq().listen(port2, { backlog: 2 })
    const outcomes = await Promise.allSettled([1, 2, 3, 4, 5].map(() => mq().connect(port1)))
    const refused = outcomes.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(3)
    for (const outcome of refused) expect(outcome).toMatchObject({ reason: { code: 'IPC_CONNECT_FAILED' } })
    await listener.close()
  })

  test('connect aborted by its signal rejects IPC_ABORTED and is not offered to a later listener', async () => {
    const { port1, port2 } = channel()
    const controller = new AbortController()
    const connecting = mq().connect(port1, { signal: controller.signal })
    controller.abort(new Error('enough'))
    const error = await failure(connecting)
    expect([error.code, error.cause]).toEqual(['IPC_ABORTED', new Error('enough')])
    const listener = await mq().listen(port2)
    await passed(port1, port2)
    await expect(listener.accept({ timeoutMs: 0 })).rejects.toMatchObject({ code: 'IPC_TIMEOUT' })
    await listener.close()
  })

  test('connect given up while the welcome is under way leaves no connection behind', async () => {
    const { port1, port2 } = channel()
    const listener = await mq().listen(port2)
    const controller = new AbortController()
    const connecting = mq().connect(port1, { signal: controller.signal })
    const hello = once(port2, 'message')
    await hello
    controller.abort()
    expect((await failure(connecting)).code).toBe('IPC_ABORTED')
    await passed(port1, port2)
    await passed(port2, port1)
    await passed(port1, port2)
    await expect(listener.accept({ timeoutMs: 0 })).rejects.toMatchObject({ code: 'IPC_TIMEOUT' })
    await listener.close()
    expect(held(port2)).toBe(false)
  })

  test('a welcome that nobody waits for any more is answered, so that the other side need not wait', async () => {
    const { near, channel } = await pair()
    const seen = envelopes(channel.port2)
    channel.port2.postMessage([MARK, 'welcome', 12345, {}])
    await passed(channel.port2, channel.port1)
    await passed(channel.port1, channel.port2)
    expect(seen).toEqual([[MARK, 'abort', 12345, expect.objectContaining({ code: 'IPC_ABORTED' })]])
    await near.close()
  })

  test('different codecs are IPC_PROTOCOL, naming both', async () => {
    const { port1, port2 } = channel()
    const listener = await mq().listen(port2)
    const codec = { name: 'other', encode: () => -1, decode: () => 0 }
    const error = await failure(mq().connect(port1, { codec }))
    expect(error.code).toBe('IPC_PROTOCOL')
    expect(error.message).toContain('structured-clone and other')
    await expect(listener.accept({ timeoutMs: 0 })).rejects.toMatchObject({ code: 'IPC_TIMEOUT' })
    await listener.close()
  })

  test('another version is IPC_VERSION_MISMATCH for whoever connects', async () => {
    const { port1, port2 } = channel()
    port2.on('message', ([, kind, id]) => {
      if (kind === 'hello') port2.postMessage([MARK, 'welcome', id, { version: 2 }])
    })
    const error = await failure(mq().connect(port1))
    expect([error.code, error.details]).toEqual(['IPC_VERSION_MISMATCH', { ours: 1, theirs: 2 }])
  })

  test('a listener refuses another version, and a hello that it cannot read', async () => {
    const { port1, port2 } = channel()
    const listener = await mq().listen(port2)
    const seen = envelopes(port1)
    port1.postMessage([MARK, 'hello', 1, { version: 2 }])
    port1.postMessage([MARK, 'hello', 2, { version: 1, codec: 7 }])
    port1.postMessage([MARK, 'hello', 3])
    await passed(port1, port2)
    await passed(port2, port1)
    const refused = seen.filter(([, kind]) => kind === 'refuse')
    expect(refused.map(([, , id, error]) => [id, (error as { code: string }).code])).toEqual([
      [1, 'IPC_VERSION_MISMATCH'],
      [2, 'IPC_PROTOCOL'],
      [3, 'IPC_PROTOCOL'],
    ])
    await expect(listener.accept({ timeoutMs: 0 })).rejects.toMatchObject({ code: 'IPC_TIMEOUT' })
    await listener.close()
  })

  test.each([
    ['refuse', { code: 'IPC_CONNECT_FAILED', message: 'no room' }, 'IPC_CONNECT_FAILED'],
    ['refuse', 'nonsense', 'IPC_PROTOCOL'],
    ['welcome', undefined, 'IPC_PROTOCOL'],
    ['clones', [], 'IPC_PROTOCOL'],
  ])('%s %j in answer to hello rejects connect', async (kind, payload, code) => {
    const { port1, port2 } = channel()
    port2.on('message', ([, asked, id]) => {
      if (asked === 'hello') port2.postMessage([MARK, kind, id, payload])
    })
    expect((await failure(mq().connect(port1))).code).toBe(code)
    expect(held(port1)).toBe(false)
  })
})

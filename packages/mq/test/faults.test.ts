import { once } from 'node:events'
import { isIpcError } from '@ipc/core'
import { mq } from '@ipc/mq'
import { describe, expect, test } from 'vitest'
import { channel, envelopes, failure, MARK, pair } from './fixtures/ports.js'

describe('faults of the peer', () => {
  test.each([
    ['an unknown kind', ['nonsense']],
    ['a batch of numbers', ['clones', 7, 7]],
    ['a batch without sizes', ['clones', [1]]],
    ['fewer messages than sizes', ['clones', [1], [8, 8]]],
    ['a size that is none', ['clones', [1], ['8']]],
    ['a slab that is too short', ['clones', [], [~5], new Uint8Array(4)]],
    ['a message above the limit', ['clones', ['x'], [2 ** 30]]],
    ['an encoded batch without a codec', ['bytes', new Uint8Array(4)]],
    ['credit that is none', ['credit', -1]],
    ['a welcome again', ['welcome', {}]],
  ])('%s ends the connection with IPC_PROTOCOL on both sides', async (_name, envelope) => {
    const { near, far, channel } = await pair()
    const seen = envelopes(channel.port2)
    near.send('a')
    await far.receive()
    const [, , id] = seen[0] as unknown[]
    const [kind, ...rest] = envelope
    channel.port1.postMessage([MARK, kind, id, ...rest])
    const { error, by } = await far.closed
    expect([error?.code, by]).toEqual(['IPC_PROTOCOL', 'transport'])
    expect((await near.closed).code).toBe('IPC_PROTOCOL')
  })

  test('envelopes for connections that nobody has here are ignored', async () => {
    const { near, far, channel } = await pair()
    for (const kind of ['clones', 'bytes', 'credit', 'end', 'abort', 'ready', 'refuse', 'nonsense']) {
      channel.port1.postMessage([MARK, kind, 12345, 7, 7])
    }
    near.send('lives')
    expect(await far.receive()).toBe('lives')
    await near.close()
  })

  test('a message that cannot be deserialized ends the connections of the port with IPC_PROTOCOL', async () => {
    const { near, far, channel } = await pair()
    channel.port2.emit('messageerror', new Error('made up'))
    expect((await far.closed).code).toBe('IPC_PROTOCOL')
    expect((await near.closed).code).toBe('IPC_PROTOCOL')
  })
})

describe('loss', () => {
  test('a port closed by the other side is IPC_PEER_LOST, after the messages that came before', async () => {
    const { near, far, channel } = await pair()
    near.send('last')
    await Promise.resolve()
    channel.port1.close()
    expect(await far.receive()).toBe('last')
    await expect(far.receive()).rejects.toMatchObject({ code: 'IPC_PEER_LOST' })
    expect((await near.closed).code).toBe('IPC_PEER_LOST')
  })

  test('a port closed while connect waits is IPC_CONNECT_FAILED, caused by IPC_PEER_LOST', async () => {
    const { port1, port2 } = channel()
    const connecting = mq().connect(port1)
    port2.close()
    const error = await failure(connecting)
    expect([error.code, isIpcError(error.cause, 'IPC_PEER_LOST')]).toEqual(['IPC_CONNECT_FAILED', true])
  })

  test('a port that is closed already cannot be connected to, twice', async () => {
    const { port1 } = channel()
    const closed = once(port1, 'close')
    port1.close()
    await closed
    expect((await failure(mq().connect(port1))).code).toBe('IPC_CONNECT_FAILED')
    expect((await failure(mq().connect(port1))).code).toBe('IPC_CONNECT_FAILED')
  })

  test('a listener ends with its port: those who wait can be accepted, then accept rejects IPC_CLOSED', async () => {
    const { port1, port2 } = channel()
    const listener = await mq().listen<string>(port2)
    const near = await mq().connect<string>(port1)
    near.send('before the end')
    await Promise.resolve()
    port1.close()
    await once(port2, 'close')
    const far = await listener.accept()
    expect(await far.receive()).toBe('before the end')
    await expect(listener.accept()).rejects.toMatchObject({ code: 'IPC_CLOSED' })
    for await (const _connection of listener) expect.fail('nobody is left')
    await listener.close()
    const late = await mq().listen(port2)
    await expect(late.accept()).rejects.toMatchObject({ code: 'IPC_CLOSED' })
  })
})

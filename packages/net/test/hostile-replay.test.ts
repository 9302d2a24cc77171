import { connect } from 'node:net'
import { recordedBytes } from '@ipc/faults'
import { type Listener, type NetOptions, net } from '@ipc/net'
import { afterEach, describe, expect, test } from 'vitest'
import { HEADER_BYTES } from '../src/frame.js'
import { GREETING_BYTES } from '../src/greeting.js'
import { WIRE_ERROR } from '../src/wire-error.js'
import { proxyTo } from './fixtures/proxy-to.js'
import { type RawPeer, rawDial, rawListen } from './fixtures/raw-peer.js'
import { collectRefusals, type Refusals } from './fixtures/refusals.js'
import { SECRET } from './fixtures/secret.js'

const ends: (() => unknown)[] = []
let listener: Listener
let refusals: Refusals

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

async function listen(options: NetOptions = {}, address = 'tcp://127.0.0.1:0'): Promise<void> {
  listener = await net(options).listen(address)
  refusals = collectRefusals(listener.address)
  ends.push(
    () => listener.close(),
    () => refusals.stop(),
  )
}

async function dial(): Promise<RawPeer> {
  const peer = await rawDial(listener.address)
  ends.push(() => peer.socket.destroy())
  return peer
}

describe('replay', () => {
  test('of a whole recorded conversation is another session, and disturbs the first one not at all', async () => {
    await listen()
    const { proxy, address } = await proxyTo(listener.address)
    ends.push(() => proxy.close())
    const recorder = proxy.record()
    const [client, server] = await Promise.all([net().connect(address), listener.accept()])
    client.send('pay')
    expect(await server.receive()).toBe('pay')
    const up = recordedBytes(recorder.events, { connection: 1, direction: 'up' })
    const replayer = await dial()
    replayer.socket.write(up)
    const other = await listener.accept()
    expect(await other.receive()).toBe('pay')
    expect(other).not.toBe(server)
    expect(server.stats().messagesReceived).toBe(1)
    for (const connection of [client, other]) connection.abort()
  })

  test('of RESUME proves nothing: the listener has said something new', async () => {
    await listen()
    const { proxy, address } = await proxyTo(listener.address)
    ends.push(() => proxy.close())
    const recorder = proxy.record()
    const reconnect = { firstMs: 1, longestMs: 5 }
    const [client, server] = await Promise.all([net({ reconnect }).connect(address), listener.accept()])
    client.send(1)
    expect(await server.receive()).toBe(1)
    proxy.resetAll()
    client.send(2)
    expect(await server.receive()).toBe(2)
    const resume = recordedBytes(recorder.events, { connection: 2, direction: 'up' })
    expect(resume.readUIntLE(GREETING_BYTES, 3)).toBe(64)
    const replayer = await dial()
    replayer.socket.write(resume)
    expect((await replayer.ended).readUInt16LE(GREETING_BYTES + HEADER_BYTES)).toBe(WIRE_ERROR.resumeUnknown)
    client.send(3)
    expect(await server.receive()).toBe(3)
    client.abort()
  })

  test('of what was said within TLS is not even TLS', async () => {
    await listen({ secret: SECRET }, 'tls://127.0.0.1:0')
    const { proxy, address } = await proxyTo(listener.address)
    ends.push(() => proxy.close())
    const recorder = proxy.record()
    const [client, server] = await Promise.all([
      net({ secret: SECRET }).connect(address.replace('tcp', 'tls')),
      listener.accept(),
    ])
    client.send('pay')
    expect(await server.receive()).toBe('pay')
    const replayer = await dial()
    replayer.socket.write(recordedBytes(recorder.events, { connection: 1, direction: 'up' }))
    await replayer.ended
    await expect(listener.accept({ timeoutMs: 100 })).rejects.toMatchObject({ code: 'IPC_TIMEOUT' })
    expect(refusals.codes).toEqual(['IPC_PROTOCOL'])
    client.abort()
  })
})

describe('a greeting that was changed on its way', () => {
  test('gives both sides keys that differ: the session goes on for nobody', async () => {
    await listen()
    // Somebody between the two turns the dialer's silence down, which both sides would accept.
    const { address, server } = await rawListen((caller) => {
      const up = connect({ host: '127.0.0.1', port: Number(listener.address.split(':').at(-1)) })
      ends.push(
        () => up.destroy(),
        () => caller.socket.destroy(),
      )
      let isFirst = true
      caller.socket.on('data', (chunk: Buffer) => {
        if (isFirst) chunk.writeUInt16LE(chunk.readUInt16LE(32) - 1, 32)
        isFirst = false
        up.write(chunk)
      })
      up.on('data', (chunk: Buffer) => caller.socket.write(chunk))
      for (const socket of [up, caller.socket]) socket.on('error', () => {})
      up.on('close', () => caller.socket.destroy())
    })
    ends.push(() => server.close())
    const client = await net({ reconnect: { firstMs: 1, longestMs: 5 } }).connect(address)
    const accepted = await listener.accept()
    client.send('hello')
    expect(await accepted.receive()).toBe('hello')
    const closed = client.closed
    // The one between breaks the first socket; the second one meets a listener that knows no such session.
    for (const end of ends.slice(-2)) end()
    const found = await closed
    expect(found.code).toBe('IPC_SESSION_LOST')
    accepted.abort()
  })
})

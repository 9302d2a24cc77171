import { msgpack } from '@ipc/core'
import { afterEach, describe, expect, test } from 'vitest'
import { FRAME, HEADER_BYTES, MESSAGE_COST_BYTES, WHOLE, writeHeader } from '../src/frame.js'
import { GREETING_BYTES } from '../src/greeting.js'
import { greetingBytes, type RawPeer, rawDial } from './fixtures/raw-peer.js'
import { type Host, type HostOptions, startHost } from './fixtures/start-host.js'

const MIB = 2 ** 20
const codec = msgpack()
let host: Host

afterEach(() => host.stop())

/** A peer by hand that keeps to its credit, and counts what it is sent. */
interface Caller {
  readonly peer: RawPeer
  /** Resolves when it is written, or the peer is gone; waits for credit. */
  send(message: unknown): Promise<void>
  /** All that came in so far. */
  received(): unknown[]
}

async function call(): Promise<Caller> {
  const peer = await rawDial(host.address)
  peer.socket.write(greetingBytes({ credit: 2 ** 32 - 1 }))
  await peer.atLeast(GREETING_BYTES)
  let credit = peer.received().readUInt32LE(28)
  let at = GREETING_BYTES
  const messages: unknown[] = []
  const read = (): void => {
    const received = peer.received()
    while (received.length >= at + HEADER_BYTES) {
      const end = at + HEADER_BYTES + received.readUIntLE(at, 3)
      if (received.length < end) return
      if (received[at + 3] === FRAME.credit) credit += received.readUInt32LE(at + HEADER_BYTES)
      if (received[at + 3] === FRAME.data) messages.push(codec.decode(received, at + HEADER_BYTES, end))
      at = end
    }
  }
  const target = Buffer.alloc(65_536)
  return {
    peer,
    received() {
      read()
      return messages
    },
    async send(message) {
      for (read(); credit <= 0 && !peer.socket.destroyed; read())
        await new Promise((resolve) => setTimeout(resolve, 1))
      const end = codec.encode(message, target, HEADER_BYTES)
      writeHeader(target, 0, end - HEADER_BYTES, FRAME.data, WHOLE)
      credit -= end - HEADER_BYTES + MESSAGE_COST_BYTES
      await new Promise<void>((resolve) => {
        if (peer.socket.destroyed) resolve()
        else peer.socket.write(Buffer.from(target.subarray(0, end)), () => resolve())
      })
    },
  }
}

async function start(options: HostOptions): Promise<Caller> {
  host = await startHost(options)
  return call()
}

async function expectKept(mostBytes: number): Promise<void> {
  const { liveBytes, uncaught } = await host.ask()
  console.log(`kept ${((liveBytes - host.before.liveBytes) / MIB).toFixed(1)} MiB`)
  expect(uncaught).toEqual([])
  expect(liveBytes - host.before.liveBytes).toBeLessThan(mostBytes)
}

describe('a flood of requests', { timeout: 60_000 }, () => {
  test('that are never done is refused above the bound of serve', async () => {
    const { peer, send, received } = await start({ does: 'wait' })
    for (let id = 0; id < 20_000; id++) await send({ ipc: 'request', id, body: id })
    // 4 MiB, each of them 1024 bytes and a few.
    const { running } = await host.until(({ running: now }) => now > 3900)
    expect(running).toBeLessThanOrEqual(4096)
    while (received().length < 20_000 - running) await new Promise((resolve) => setImmediate(resolve))
    expect(received()[0]).toMatchObject({ ipc: 'failure', error: { code: 'IPC_QUEUE_FULL' } })
    await expectKept(32 * MIB)
    // Those that wait hear of the end.
    peer.socket.destroy()
    await host.until(({ running: now }) => now === 0)
    await host.isUndisturbed()
  })

  test('under one id leaves no handler behind', async () => {
    const { peer, send } = await start({ does: 'wait', net: { resume: false } })
    for (let i = 0; i < 5000; i++) await send({ ipc: 'request', id: 1, body: i })
    await host.until(({ running }) => running === 1)
    peer.socket.destroy()
    await host.until(({ running }) => running === 0)
    await host.isUndisturbed()
  })

  test('whose replies are not read ends with the bound of what waits', async () => {
    const { peer, send } = await start({ does: 'serve', limits: { maxBufferedBytes: 2 * MIB } })
    peer.socket.pause()
    const body = 'x'.repeat(8192)
    // It reads no more, so it is granted no more: it sends what it has credit for.
    const sending = (async () => {
      for (let id = 0; id < 120; id++) await send({ ipc: 'request', id, body })
    })()
    await sending
    await host.isUndisturbed()
    await expectKept(8 * MIB)
    peer.socket.destroy()
  })

  test('with odd ids, times, bodies and names harms nothing', async () => {
    const { peer, send } = await start({ does: 'serve' })
    const odd: unknown[] = [
      { ipc: 'request' },
      { ipc: 'request', id: 'constructor' },
      { ipc: 'request', id: 1.5 },
      { ipc: 'request', id: -1, body: { constructor: { prototype: { polluted: true } } } },
      { ipc: 'request', id: 2, timeoutMs: -1 },
      { ipc: 'request', id: 3, timeoutMs: 1e308 },
      { ipc: 'request', id: 4, timeoutMs: { valueOf: 'x' } },
      { ipc: 'cancel', id: 99 },
      { ipc: 'reply', id: 1, body: 'not asked for' },
      { ipc: 'failure', id: 1, error: { code: 'toString', message: 1 } },
      { ipc: '__proto__', id: 1 },
      { ipc: 'constructor', id: 1 },
      { ipc: 'toString', id: 1, polluted: true },
      Object.fromEntries([
        ['prototype', { polluted: true }],
        ['hasOwnProperty', 1],
        ['toString', 2],
        ['then', 3],
      ]),
    ]
    for (const message of odd) await send(message)
    const keys = ['__proto__', 'constructor', 'prototype']
    // A key __proto__, as no encoder of ours writes it: { __proto__: { polluted: true } }.
    const bare = Buffer.concat([
      Buffer.from([0x81, 0xa9]),
      Buffer.from('__proto__'),
      Buffer.from([0x81, 0xa8]),
      Buffer.from('polluted'),
      Buffer.of(0xc3),
    ])
    const head = Buffer.alloc(HEADER_BYTES)
    writeHeader(head, 0, bare.length, FRAME.data, WHOLE)
    peer.socket.write(Buffer.concat([head, bare]))
    for (const body of keys) await send({ ipc: 'request', id: 1000 + keys.indexOf(body), body })
    await host.isUndisturbed()
    expect(await host.ask()).toMatchObject({ polluted: false, uncaught: [] })
    peer.socket.destroy()
  })
})

describe('a flood of subscriptions', { timeout: 60_000 }, () => {
  test('is refused above the bound of createTopics, and what was subscribed goes with the connection', async () => {
    const { peer, send, received } = await start({ does: 'topics', net: { resume: false } })
    for (let id = 0; id < 5000; id++) {
      await send({ ipc: 'subscribe', id, topic: `${id}`.padEnd(255, 'x') })
    }
    while (received().length < 5000) await new Promise((resolve) => setImmediate(resolve))
    const refused = received().filter((message) => (message as { error?: unknown }).error !== undefined)
    expect(refused).toHaveLength(5000 - 1024)
    expect(refused[0]).toMatchObject({ ipc: 'unsubscribed', error: { code: 'IPC_QUEUE_FULL' } })
    await expectKept(4 * MIB)
    const topic = '0'.padEnd(255, 'x')
    expect((await host.ask({ publish: topic })).subscribers).toBe(1)
    peer.socket.destroy()
    await host.until(({ open }) => open === 1)
    expect((await host.ask({ publish: topic })).subscribers).toBe(0)
    await host.isUndisturbed()
  })

  test('and their ends, over and over, keeps nothing', async () => {
    const { peer, send, received } = await start({ does: 'topics' })
    for (let id = 0; id < 5000; id++) {
      await send({ ipc: 'subscribe', id, topic: `topic ${id}` })
      await send({ ipc: 'unsubscribe', id })
    }
    while (received().length < 10_000) await new Promise((resolve) => setImmediate(resolve))
    await expectKept(2 * MIB)
    peer.socket.destroy()
    await host.isUndisturbed()
  })

  test('whose answers are not read is not read from', async () => {
    const limits = { highWaterMarkBytes: 65_536, maxBufferedBytes: 131_072 }
    const { peer, send } = await start({ does: 'topics', limits })
    peer.socket.pause()
    let sent = 0
    const sending = (async () => {
      for (; sent < 100_000 && !peer.socket.destroyed; sent++)
        await send({ ipc: 'subscribe', id: sent, topic: 'x' })
    })()
    await host.isUndisturbed()
    await expectKept(4 * MIB)
    peer.socket.destroy()
    await sending
    await host.isUndisturbed()
  })

  test('with names that objects have by nature are topics like any other', async () => {
    const { peer, send, received } = await start({ does: 'topics' })
    const names = ['__proto__', 'constructor', 'hasOwnProperty', 'toString', 'valueOf']
    for (const [id, topic] of names.entries()) await send({ ipc: 'subscribe', id, topic })
    for (const topic of [1, null, {}, [], '', 'x'.repeat(256)])
      await send({ ipc: 'subscribe', id: 99, topic })
    while (received().length < names.length + 6) await new Promise((resolve) => setImmediate(resolve))
    for (const topic of names) expect((await host.ask({ publish: topic })).subscribers).toBe(1)
    while (received().length < 2 * names.length + 6) await new Promise((resolve) => setImmediate(resolve))
    expect(received().at(-1)).toEqual({ ipc: 'published', id: names.length - 1, body: 'news' })
    peer.socket.destroy()
    await host.isUndisturbed()
  })
})

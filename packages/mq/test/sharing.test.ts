import { once } from 'node:events'
import type { MessagePort } from 'node:worker_threads'
import { mq } from '@ipc/mq'
import { describe, expect, test } from 'vitest'
import { channel, envelopes, held, MARK, pair } from './fixtures/ports.js'

describe('sharing a port', () => {
  test('the other messages on a port are left alone', async () => {
    const { near, far, channel } = await pair()
    const foreign: unknown[] = []
    channel.port2.on('message', (message) => {
      if (!Array.isArray(message) || message[0] !== MARK) foreign.push(message)
    })
    const others = [
      'text',
      1,
      null,
      undefined,
      { kind: 'hello' },
      [],
      [MARK],
      [MARK, 'end'],
      ['other', 'end', 1],
    ]
    for (const message of others) channel.port1.postMessage(message)
    near.send('ours')
    expect(await far.receive()).toBe('ours')
    expect(foreign).toEqual(others.filter((message) => !Array.isArray(message) || message[0] !== MARK))
    expect([near.status, far.status]).toEqual(['open', 'open'])
    await near.close()
  })

  test('several connections on one port, asked for from both ends, do not disturb each other', async () => {
    const { port1, port2 } = channel()
    const [atOne, atTwo] = await Promise.all([mq().listen<string>(port1), mq().listen<string>(port2)])
    const pairs = await Promise.all(
      [0, 1, 2, 3].map((i) =>
        i % 2 === 0
          ? Promise.all([mq().connect<string>(port1), atTwo.accept()])
          : Promise.all([mq().connect<string>(port2), atOne.accept()]),
      ),
    )
    for (const [i, [near, far]] of pairs.entries()) {
      near.send(`up ${i}`)
      far.send(`down ${i}`)
    }
    for (const [i, [near, far]] of pairs.entries()) {
      expect(await far.receive()).toBe(`up ${i}`)
      expect(await near.receive()).toBe(`down ${i}`)
    }
    pairs[0]?.[0].abort()
    await pairs[1]?.[1].close()
    pairs[2]?.[0].send('still here')
    expect(await pairs[2]?.[1].receive()).toBe('still here')
    await Promise.all([atOne.close(), atTwo.close()])
  })

  test('all messages of one tick travel in one post', async () => {
    const { near, far, channel } = await pair()
    const seen = envelopes(channel.port2)
    for (let i = 0; i < 300; i++) near.send(i % 3 === 0 ? { i } : i % 3 === 1 ? `${i}` : new Uint8Array([i]))
    for (let i = 0; i < 300; i++) await far.receive()
    expect(seen.filter(([, kind]) => kind === 'clones')).toHaveLength(1)
    await near.close()
  })

  test('a large batch is posted before the tick ends', async () => {
    const { near, far, channel } = await pair()
    const seen = envelopes(channel.port2)
    for (let i = 0; i < 40; i++) near.send(new Uint8Array(8192))
    for (let i = 0; i < 40; i++) await far.receive()
    expect(seen.filter(([, kind]) => kind === 'clones').length).toBeGreaterThanOrEqual(5)
    await near.close()
  })

  test('credit comes back in lumps, not for every message', async () => {
    const { near, far, channel } = await pair({}, { highWaterMarkBytes: 16_384 })
    const seen = envelopes(channel.port1)
    for (let i = 0; i < 256; i++) {
      if (!near.send(new Uint8Array(64))) await near.drained()
      await far.receive()
    }
    // 256 messages of 128 bytes with overhead are two windows, each returned a quarter at a time.
    expect(seen.filter(([, kind]) => kind === 'credit').length).toBeLessThanOrEqual(8)
    await near.close()
  })

  test('a closed connection leaves the port as it was, and open', async () => {
    const { port1, port2 } = channel()
    const listened = (port: MessagePort): number[] =>
      ['message', 'messageerror', 'close', 'exit'].map((name) => port.listenerCount(name))
    const before = listened(port1)
    const listener = await mq().listen(port2)
    const [near, far] = await Promise.all([mq().connect(port1), listener.accept()])
    await listener.close()
    expect(held(port1)).toBe(true)
    await near.close()
    await far.closed
    expect(listened(port1)).toEqual(before)
    expect([held(port1), held(port2)]).toEqual([false, false])
    const arrived = once(port2, 'message')
    port1.postMessage('still open')
    expect(await arrived).toEqual(['still open'])
  })

  test('a port the application had referenced stays referenced after its connections', async () => {
    const { port1, port2 } = channel()
    port1.on('message', () => {})
    const listener = await mq().listen(port2)
    const near = await mq().connect(port1)
    near.unref()
    expect(held(port1)).toBe(false)
    near.ref()
    near.unref()
    await near.close()
    expect(held(port1)).toBe(true)
    await listener.close()
  })

  test('a port is referenced as long as one of its users is', async () => {
    const { near, far, channel } = await pair()
    const { port1 } = channel
    const listener = await mq().listen(port1)
    near.unref()
    near.unref()
    expect(held(port1)).toBe(true)
    listener.unref()
    expect(held(port1)).toBe(false)
    near.ref()
    expect(held(port1)).toBe(true)
    await listener.close()
    expect(held(port1)).toBe(true)
    await near.close()
    await far.closed
    expect(held(port1)).toBe(false)
  })
})

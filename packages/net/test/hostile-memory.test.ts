import { resolveLimits } from '@ipc/core/internal'
import { afterEach, describe, expect, test } from 'vitest'
import { FLAG, FRAME, HEADER_BYTES, MESSAGE_COST_BYTES, WHOLE, writeHeader } from '../src/frame.js'
import { GREETING_BYTES, GREETING_FLAG, hashCodecName, MAX_FRAME_BYTES } from '../src/greeting.js'
import { MSGPACK_FACTOR, memoryBound } from './fixtures/memory-bound.js'
import { greetingBytes, type RawPeer, rawDial } from './fixtures/raw-peer.js'
import { type Host, type HostOptions, startHost } from './fixtures/start-host.js'

const MIB = 2 ** 20
/** What a process has beside that is alive: heap that is not collected yet, buffers that the system was asked for. */
const SLACK_BYTES = 128 * MIB
const LIMITS = { highWaterMarkBytes: 2 * MIB, maxBufferedBytes: 4 * MIB, maxMessageBytes: 4 * MIB }
let host: Host

afterEach(() => host.stop())

async function start(options: HostOptions): Promise<void> {
  host = await startHost({ codec: 'bytes', limits: LIMITS, ...options })
}

/** A peer that has greeted. */
async function greeted(differences: Parameters<typeof greetingBytes>[0] = {}): Promise<RawPeer> {
  const peer = await rawDial(host.address)
  peer.socket.write(greetingBytes({ codec: hashCodecName('bytes'), ...differences }))
  await peer.atLeast(GREETING_BYTES)
  return peer
}

function frame(type: number, flags: number, body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + body.length)
  writeHeader(bytes, 0, body.length, type, flags)
  bytes.set(body, HEADER_BYTES)
  return bytes
}

const whole = (body: Uint8Array): Buffer => frame(FRAME.data, WHOLE, body)

/** The first frames of a message of `total` bytes: `fragments` of them. */
function begun(total: number, fragments: number): Buffer {
  const first = Buffer.alloc(MAX_FRAME_BYTES)
  first.writeUIntLE(total, 0, 6)
  const rest = Array.from({ length: fragments - 1 }, () =>
    frame(FRAME.data, 0, Buffer.alloc(MAX_FRAME_BYTES)),
  )
  return Buffer.concat([frame(FRAME.data, FLAG.first, first), ...rest])
}

function written({ socket }: RawPeer, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => socket.write(bytes, () => resolve()))
}

/** What so many connections may take, by the published formula. */
async function expectBounded(
  connections: number,
  bound = memoryBound(resolveLimits(LIMITS)),
): Promise<number> {
  const { liveBytes, peakBytes, uncaught } = await host.ask()
  const grown = liveBytes - host.before.liveBytes
  console.log(
    `${connections} connections took ${(grown / MIB).toFixed(1)} of ${((connections * bound) / MIB).toFixed(1)} MiB`,
  )
  expect(uncaught).toEqual([])
  expect(grown).toBeLessThan(connections * bound)
  expect(peakBytes - host.before.peakBytes).toBeLessThan(connections * bound + SLACK_BYTES)
  return grown
}

describe('memory of a connection', () => {
  test('that declares the largest message and sends a part of it is that of the part', async () => {
    await start({ does: 'nothing', limits: { ...LIMITS, maxMessageBytes: 64 * MIB } })
    const peers = await Promise.all(Array.from({ length: 40 }, () => greeted()))
    await Promise.all(peers.map((peer) => written(peer, begun(64 * MIB, 1))))
    await host.isUndisturbed()
    // Twice what has come in; 40 times what was declared would be 2.5 GiB.
    const grown = await expectBounded(40)
    expect(grown).toBeLessThan(40 * MIB)
    for (const { socket } of peers) socket.destroy()
  })

  test('with all unread that credit allows, and the largest message all but its last byte, is below the bound', async () => {
    await start({ does: 'nothing' })
    const peers = await Promise.all(Array.from({ length: 4 }, () => greeted()))
    const fragments = LIMITS.maxMessageBytes / MAX_FRAME_BYTES
    for (const peer of peers) {
      // Granted again while little is unread; then no more: as many small ones as fit, and one as large as possible.
      let credit = LIMITS.highWaterMarkBytes
      let at = GREETING_BYTES
      for (let sent = 0; credit > MESSAGE_COST_BYTES + 1000; sent++) {
        await written(peer, whole(Buffer.alloc(1000)))
        credit -= 1000 + MESSAGE_COST_BYTES
        if (sent % 200 !== 0) continue
        await host.ask()
        for (
          const received = peer.received();
          at < received.length;
          at += HEADER_BYTES + received.readUIntLE(at, 3)
        ) {
          if (received[at + 3] === FRAME.credit) credit += received.readUInt32LE(at + HEADER_BYTES)
        }
      }
      await written(peer, begun(LIMITS.maxMessageBytes, fragments))
    }
    await host.isUndisturbed()
    const grown = await expectBounded(4)
    // The attack is one: it takes what it was said to take.
    expect(grown).toBeGreaterThan(4 * LIMITS.maxMessageBytes)
    for (const { socket } of peers) socket.destroy()
    await host.until(({ open }) => open === 1)
  })

  test.each([0, GREETING_FLAG.resumable])(
    'whose peer asks for much and reads nothing is below the bound, and what is beyond ends it (flags %i)',
    async (flags) => {
      await start({ does: 'echo' })
      const peers = await Promise.all(
        Array.from({ length: 4 }, () => greeted({ flags, credit: 2 ** 32 - 1 })),
      )
      for (const { socket } of peers) socket.pause()
      // The host sends back what it gets, whatever `send` returns.
      const message = whole(Buffer.alloc(32_768, 1))
      for (const peer of peers) for (let i = 0; i < 60; i++) peer.socket.write(message)
      await host.isUndisturbed()
      await expectBounded(4)
      for (const { socket } of peers) socket.destroy()
    },
  )

  test('grows with what is kept of small messages, not with what they came in', async () => {
    await start({ does: 'keep' })
    const peer = await greeted()
    const COUNT = 1500
    // Each comes with much that is skipped, so that no two lie in one read.
    const filling = frame(0x80, 0, Buffer.alloc(65_536))
    for (let sent = 0; sent < COUNT; sent++)
      await written(peer, Buffer.concat([filling, whole(Buffer.of(7))]))
    await host.until(({ kept }) => kept === COUNT)
    const grown = await expectBounded(1)
    expect(grown).toBeLessThan(COUNT * 2048)
    peer.socket.destroy()
    await host.isUndisturbed()
  })

  test('whose largest message comes in bytes, one by one, is that of the message, and it arrives', {
    timeout: 60_000,
  }, async () => {
    const maxMessageBytes = MAX_FRAME_BYTES + 1000
    await start({ does: 'keep', limits: { maxMessageBytes } })
    const peer = await greeted()
    const last = maxMessageBytes + 6 - MAX_FRAME_BYTES
    const bytes = Buffer.concat([begun(maxMessageBytes, 1), frame(FRAME.data, FLAG.last, Buffer.alloc(last))])
    for (let at = 0; at < bytes.length; at++) {
      peer.socket.write(bytes.subarray(at, at + 1))
      if (at % 256 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await host.until(({ kept }) => kept === 1)
    await expectBounded(1)
    peer.socket.destroy()
    await host.isUndisturbed()
  })

  test.each([
    ['empty maps', '80'],
    ['empty byte arrays', 'c400'],
    ['maps with one key that is an index', '81cd03e8c0'],
  ])('of values is bounded by that of their bytes with msgpack: %s', async (_name, unit) => {
    const limits = { highWaterMarkBytes: 65_536, maxBufferedBytes: 65_536, maxMessageBytes: 262_144 }
    await start({ does: 'nothing', codec: 'msgpack', limits })
    const peers = await Promise.all(
      Array.from({ length: 8 }, () => greeted({ codec: hashCodecName('msgpack') })),
    )
    const head = Buffer.from([0xdd, 0, 0, 0, 0])
    const count = Math.floor((2 * 200_000) / unit.length)
    head.writeUInt32BE(count, 1)
    const message = Buffer.concat([head, Buffer.from(unit.repeat(count), 'hex')])
    await Promise.all(peers.map((peer) => written(peer, whole(message))))
    await host.isUndisturbed()
    const grown = await expectBounded(8, MSGPACK_FACTOR * memoryBound(resolveLimits(limits)))
    console.log(`${unit}: a byte of it became ${(grown / 8 / message.length).toFixed(1)}`)
    expect(grown).toBeLessThan(MSGPACK_FACTOR * 8 * message.length)
    for (const { socket } of peers) socket.destroy()
  })
})

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  encodeAck,
  encodeAlive,
  encodeClose,
  encodeCredit,
  encodeError,
  FRAME,
  HEADER_BYTES,
  WHOLE,
  writeHeader,
} from '../src/frame.js'
import { GREETING_BYTES, GREETING_FLAG } from '../src/greeting.js'
import { WIRE_ERROR } from '../src/wire-error.js'
import { MSGPACK_FACTOR } from './fixtures/memory-bound.js'
import { greetingBytes, type RawPeer, rawDial } from './fixtures/raw-peer.js'
import { type Host, type HostOptions, startHost } from './fixtures/start-host.js'

const MIB = 2 ** 20
const RESUMABLE = { flags: GREETING_FLAG.resumable }
/** What a flood may leave behind: nothing is kept of it. */
const LEFT_BYTES = 2 * MIB
/** Garbage of 64 KiB for each read, until it is collected. */
const SLACK_BYTES = 128 * MIB
let host: Host

/** A peer of a host of its own. */
async function greeted(
  options: HostOptions,
  differences: Parameters<typeof greetingBytes>[0] = {},
): Promise<RawPeer> {
  host = await startHost(options)
  return greetedAgain(differences)
}

/** A peer of the host that there is. */
async function greetedAgain(differences: Parameters<typeof greetingBytes>[0] = {}): Promise<RawPeer> {
  const peer = await rawDial(host.address)
  peer.socket.write(greetingBytes(differences))
  await peer.atLeast(GREETING_BYTES)
  return peer
}

/** `unit` again and again, so many bytes in all. Resolves when all is written, or the peer is gone. */
async function flood({ socket }: RawPeer, unit: Buffer, bytes: number): Promise<void> {
  const batch = Buffer.concat(Array.from({ length: Math.ceil(262_144 / unit.length) }, () => unit))
  for (let sent = 0; sent < bytes && !socket.destroyed; sent += batch.length) {
    await new Promise<void>((resolve) => {
      const gone = (): void => resolve()
      socket.once('close', gone)
      socket.write(batch, () => {
        socket.off('close', gone)
        resolve()
      })
    })
  }
}

function frame(type: number, body: Uint8Array = new Uint8Array(0), flags = 0): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + body.length)
  writeHeader(bytes, 0, body.length, type, flags)
  bytes.set(body, HEADER_BYTES)
  return bytes
}

async function expectNothingKept(mostBytes = LEFT_BYTES): Promise<void> {
  const { liveBytes, peakBytes, uncaught } = await host.ask()
  expect(uncaught).toEqual([])
  expect(liveBytes - host.before.liveBytes).toBeLessThan(mostBytes)
  expect(peakBytes - host.before.peakBytes).toBeLessThan(SLACK_BYTES)
}

describe('a flood of', { timeout: 60_000 }, () => {
  afterEach(() => host.stop())

  test.each<[string, Buffer, object]>([
    ['ALIVE', encodeAlive(), {}],
    ['CREDIT', encodeCredit(2 ** 32 - 1), {}],
    ['CREDIT of nothing', encodeCredit(0), {}],
    ['ACK', encodeAck(0), RESUMABLE],
    ['empty frames of unknown types to skip', frame(0xff), {}],
    ['large frames of unknown types to skip', frame(0x80, Buffer.alloc(262_144)), {}],
    ['empty frames to skip with odd flags and channels', Buffer.from([0, 0, 0, 0x90, 0xff, 1, 2, 3]), {}],
  ])('%s is read, keeps nothing, and holds up nobody', async (_name, unit, differences) => {
    const peer = await greeted({ does: 'echo' }, differences)
    const flooding = flood(peer, unit, 16 * MIB)
    // While it goes on, too.
    await host.isUndisturbed()
    await flooding
    peer.socket.write(frame(FRAME.data, Buffer.of(7), WHOLE))
    const at = GREETING_BYTES
    await peer.atLeast(at + HEADER_BYTES + 1)
    // It was answered with nothing: no message of the flood asks for one.
    expect(peer.received().length).toBeLessThan(GREETING_BYTES + 100)
    await expectNothingKept()
    peer.socket.destroy()
    await host.isUndisturbed()
  })

  test('empty messages ends where credit does', async () => {
    const peer = await greeted({ does: 'nothing' })
    await flood(peer, frame(FRAME.data, new Uint8Array(0), WHOLE), 16 * MIB)
    const { ends } = await host.until(({ open }) => open === 1)
    expect(ends).toEqual(['IPC_PROTOCOL by transport'])
    // What is unread is there to be read.
    await expectNothingKept(MSGPACK_FACTOR * MIB)
    await host.isUndisturbed()
  })

  test('messages that cannot be decoded ends where credit does', async () => {
    const peer = await greeted({ does: 'nothing' })
    await flood(peer, frame(FRAME.data, Buffer.of(0xc1), WHOLE), 16 * MIB)
    const { ends } = await host.until(({ open }) => open === 1)
    expect(ends).toEqual(['IPC_PROTOCOL by transport'])
    // What is unread is there to be read.
    await expectNothingKept(MSGPACK_FACTOR * MIB)
    await host.isUndisturbed()
  })

  test('messages that are answered, whose answers are not read, ends with the bound of what waits', async () => {
    const limits = { maxBufferedBytes: 2 * MIB, highWaterMarkBytes: MIB }
    const peer = await greeted({ does: 'echo', limits }, { credit: 1 })
    peer.socket.pause()
    await flood(peer, frame(FRAME.data, Buffer.from([0xc5, 0x10, 0, ...Buffer.alloc(4096)]), WHOLE), 16 * MIB)
    const { ends } = await host.until(({ open }) => open === 1)
    expect(ends).toEqual(['IPC_ABORTED by local'])
    await expectNothingKept()
    peer.socket.destroy()
    await host.isUndisturbed()
  })
})

describe('a frame in the wrong state', () => {
  beforeAll(async () => {
    host = await startHost({ does: 'echo' })
  })
  afterAll(() => host.stop())

  /** How the connection of a stranger that was the only one has ended. */
  const end = async (): Promise<string | undefined> =>
    (await host.until(({ open }) => open === 1)).ends.at(-1)

  test.each<[string, Buffer, object, number]>([
    ['ACK without a session', encodeAck(0), {}, WIRE_ERROR.protocol],
    ['ACK of what was never sent', encodeAck(1), RESUMABLE, WIRE_ERROR.protocol],
    [
      'ACK above what can be counted',
      Buffer.from('0800000200000000ffffffffffffffff', 'hex'),
      RESUMABLE,
      WIRE_ERROR.protocol,
    ],
    ['RESUME after the greeting', frame(FRAME.resume, Buffer.alloc(64)), RESUMABLE, WIRE_ERROR.protocol],
    ['RESUMED', frame(FRAME.resumed, Buffer.alloc(48)), RESUMABLE, WIRE_ERROR.protocol],
    ['ALIVE with a body', frame(FRAME.alive, Buffer.of(1)), {}, WIRE_ERROR.protocol],
    ['a length below that of the fields', frame(FRAME.credit, Buffer.alloc(3)), {}, WIRE_ERROR.protocol],
    ['ERROR longer than it may be', frame(FRAME.error, Buffer.alloc(260)), {}, WIRE_ERROR.protocol],
    [
      'a frame to skip that is larger than any',
      Buffer.from([0xff, 0xff, 0xff, 0x80, 0, 0, 0, 0]),
      {},
      WIRE_ERROR.frameTooLarge,
    ],
    ['a fragment of one byte', frame(FRAME.data, Buffer.of(1), 1), {}, WIRE_ERROR.protocol],
  ])('%s ends the connection, and the peer is told', async (_name, bytes, differences, wireCode) => {
    const peer = await greetedAgain(differences)
    peer.socket.write(bytes)
    const received = await peer.ended
    expect(received[GREETING_BYTES + 3]).toBe(FRAME.error)
    expect(received.readUInt16LE(GREETING_BYTES + HEADER_BYTES)).toBe(wireCode)
    peer.socket.destroy()
    expect(await end()).toBe('IPC_PROTOCOL by transport')
    await host.isUndisturbed()
  })

  test.each<[string, Buffer]>([
    ['CREDIT after CLOSE is taken', encodeCredit(5)],
    ['ALIVE after CLOSE is taken', encodeAlive()],
  ])('%s: the connection closes in order', async (_name, bytes) => {
    const peer = await greetedAgain()
    peer.socket.write(Buffer.concat([encodeClose(), bytes]))
    expect((await peer.ended).subarray(GREETING_BYTES)).toEqual(encodeClose())
    peer.socket.end()
    expect(await end()).toBe('closed by remote')
  })

  test.each<[string, Buffer, string]>([
    [
      'ERROR after CLOSE',
      encodeError({ code: WIRE_ERROR.aborted, retryable: false, reason: '' }),
      'IPC_ABORTED by remote',
    ],
    ['CLOSE after CLOSE', encodeClose(), 'IPC_PROTOCOL by transport'],
  ])('%s is an end that is not in order', async (_name, bytes, how) => {
    // What the host has to say waits for credit: it is not through when the second one comes.
    const peer = await greetedAgain({ credit: 1 })
    const message = frame(FRAME.data, Buffer.of(1), WHOLE)
    peer.socket.write(Buffer.concat([message, message, encodeClose(), bytes]))
    expect(await end()).toBe(how)
    peer.socket.destroy()
    await host.isUndisturbed()
  })
})

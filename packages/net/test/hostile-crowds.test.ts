import { setTimeout as delay } from 'node:timers/promises'
import { type NetOptions, net } from '@ipc/net'
import { afterEach, describe, expect, test } from 'vitest'
import { MAX_UNPROVEN_PER_ORIGIN } from '../src/callers.js'
import { GREETING_BYTES, GREETING_FLAG } from '../src/greeting.js'
import { MAX_DETACHED_SESSIONS } from '../src/session-table.js'
import { greetingBytes, type RawPeer, rawDial } from './fixtures/raw-peer.js'
import { SECRET } from './fixtures/secret.js'
import { type Host, startHost } from './fixtures/start-host.js'

const MIB = 2 ** 20
let host: Host

afterEach(() => host.stop())

async function dialMany(count: number): Promise<RawPeer[]> {
  const peers: RawPeer[] = []
  while (peers.length < count) {
    peers.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(100, count - peers.length) }, () => rawDial(host.address)),
      )),
    )
  }
  return peers
}

function leave(peers: readonly RawPeer[]): void {
  for (const { socket } of peers) socket.destroy()
}

describe('a crowd of strangers', () => {
  test.each<[string, NetOptions, string]>([
    ['plain', {}, 'tcp://127.0.0.1:0'],
    ['TLS', { secret: SECRET }, 'tls://127.0.0.1:0'],
  ])(
    'that is refused and does not leave takes no more sockets than one that is silent: %s',
    async (_name, options, address) => {
      host = await startHost({ does: 'nothing', net: options, address })
      const { files } = host.before
      // Half of a greeting or of TLS; or, where anybody may greet, a wrong one: the answer waits to be read.
      const hello = address.startsWith('tls') ? Buffer.from([22, 3]) : greetingBytes({ codec: 1 })
      const peers = await dialMany(1300)
      for (const { socket } of peers) socket.write(hello)
      const crowded = await host.until(({ refused }) => refused.length >= 1300 - 1024 - 64)
      // Those who wait, and those who are dealt with.
      if (crowded.files > 0)
        expect(crowded.files - files).toBeLessThanOrEqual(1024 + MAX_UNPROVEN_PER_ORIGIN + 32)
      expect(crowded.peakBytes - host.before.peakBytes).toBeLessThan(64 * MIB)
      leave(peers)
      await host.isUndisturbed()
    },
  )

  test('that greets wrongly is dealt with by so many at a time, until each has left', async () => {
    host = await startHost({ does: 'nothing' })
    const peers = await dialMany(200)
    for (const { socket } of peers) socket.write(greetingBytes({ codec: 1 }))
    await Promise.all(peers.slice(0, MAX_UNPROVEN_PER_ORIGIN).map((peer) => peer.ended))
    // Nobody of them has closed its socket: it is nobody else's turn before theirs is over.
    await delay(300)
    const answered = peers.filter((peer) => peer.received().length > 0)
    expect(answered.length).toBeLessThan(100)
    leave(answered)
    await Promise.all(peers.slice(0, 3 * MAX_UNPROVEN_PER_ORIGIN).map((peer) => peer.ended))
    leave(peers)
    await host.isUndisturbed()
  })

  test('that opens and resets thousands of connections disturbs nobody', async () => {
    host = await startHost({ does: 'echo', net: { resume: false } })
    const { files } = host.before
    for (let round = 0; round < 20; round++) {
      const peers = await dialMany(100)
      for (const [index, { socket }] of peers.entries()) {
        socket.write(greetingBytes().subarray(0, index % 2 === 0 ? GREETING_BYTES : index % GREETING_BYTES))
        socket.resetAndDestroy()
      }
    }
    const after = await host.until(({ open, files: now }) => open === 1 && now <= files + 2)
    expect(after.uncaught).toEqual([])
    await host.isUndisturbed()
  })

  test('that sends a good greeting and stays is accepted up to the backlog, and the others are told', async () => {
    host = await startHost({ does: 'echo', backlog: 1 })
    const peers = await dialMany(100)
    for (const { socket } of peers) socket.write(greetingBytes())
    await Promise.all(peers.map((peer) => peer.atLeast(8)))
    const { accepted, refused } = await host.ask()
    expect(accepted - 1 + refused.length).toBe(100)
    leave(peers)
    await host.isUndisturbed()
  })
})

describe('before a caller has proven anything', () => {
  test('it is sent nothing, then a greeting as long as its own, or one short ERROR', async () => {
    host = await startHost({ does: 'nothing' })
    const good = await rawDial(host.address)
    good.socket.write(greetingBytes().subarray(0, GREETING_BYTES - 1))
    await delay(50)
    expect(good.received()).toHaveLength(0)
    good.socket.write(greetingBytes().subarray(GREETING_BYTES - 1))
    expect(await good.atLeast(GREETING_BYTES)).toHaveLength(GREETING_BYTES)
    for (const differences of [
      { codec: 1 },
      { versionMin: 9, versionMax: 9 },
      { mechanism: 1 },
      { role: 1 },
    ]) {
      const bad = await rawDial(host.address)
      bad.socket.write(greetingBytes(differences))
      const answer = await bad.ended
      expect(answer.length).toBeLessThanOrEqual(8 + 3 + 256)
      leave([bad])
    }
    leave([good])
    await host.isUndisturbed()
  })
})

describe('sessions without a socket', () => {
  test('are bounded in number: the oldest of them gives way', { timeout: 120_000 }, async () => {
    const limits = { highWaterMarkBytes: 1000, maxBufferedBytes: 1000 }
    host = await startHost({ does: 'nothing', limits, net: { reconnect: { firstMs: 1, longestMs: 5 } } })
    const count = MAX_DETACHED_SESSIONS + 104
    for (let begun = 0; begun < count; begun += 100) {
      const peers = await dialMany(100)
      for (const { socket } of peers) socket.write(greetingBytes({ flags: GREETING_FLAG.resumable }))
      await Promise.all(peers.map((peer) => peer.atLeast(GREETING_BYTES)))
      leave(peers)
    }
    const { open, ends } = await host.until(({ open: now }) => now <= MAX_DETACHED_SESSIONS + 1)
    expect(open).toBe(MAX_DETACHED_SESSIONS + 1)
    expect(ends).toHaveLength(count - MAX_DETACHED_SESSIONS)
    expect(new Set(ends)).toEqual(new Set(['IPC_PEER_LOST by transport']))
    await host.isUndisturbed()
  })

  test('that have ended well hold next to nothing', { timeout: 60_000 }, async () => {
    host = await startHost({ does: 'nothing' })
    const count = 600
    for (let done = 0; done < count; done += 100) {
      const connections = await Promise.all(Array.from({ length: 100 }, () => net().connect(host.address)))
      await Promise.all(connections.map((connection) => connection.close()))
    }
    const { liveBytes, ends } = await host.until(({ open }) => open === 1)
    expect(new Set(ends)).toEqual(new Set(['closed by remote']))
    const each = (liveBytes - host.before.liveBytes) / count
    console.log(`an ended session holds ${Math.round(each)} bytes`)
    expect(each).toBeLessThan(4096)
    await host.isUndisturbed()
  })
})

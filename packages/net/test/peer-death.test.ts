import { hostOver, startProcess } from '@ipc/conformance'
import { net } from '@ipc/net'
import { describe, expect, test } from 'vitest'
import type { PeerRole } from './fixtures/peer.js'

const transport = net()

describe('death of the peer', () => {
  // On a socket that nobody reads it would go unnoticed: credit keeps the socket read.
  test('is noticed by a side that does not read and was sent all it has room for', async () => {
    const listener = await transport.listen('tcp://127.0.0.1:0', { highWaterMarkBytes: 10_000 })
    const program = await startProcess(new URL('./fixtures/peer.ts', import.meta.url))
    const role: PeerRole = { connect: listener.address, net: { resume: false } }
    const [connection, remote] = await Promise.all([listener.accept(), hostOver(program).open(role)])
    remote.sendNumbered({ count: 1_000_000, bytes: 1000 }).catch(() => {})
    while ((await remote.stats()).congestions === 0) await new Promise((resolve) => setImmediate(resolve))
    const { unreadMessages } = connection.stats()
    await program.kill()
    expect((await connection.closed).code).toBe('IPC_PEER_LOST')
    // What had come in is still there.
    for (let i = 0; i < unreadMessages; i++) await connection.receive()
    await listener.close()
  })
})

import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { acceptWire, finish, leave, NOBODY, type Wire } from '../src/wire.js'

/** A wire to a peer that reads nothing, and for which more is written than the system takes. */
async function stuckWire(): Promise<{ wire: Wire; peer: Socket; end: () => void }> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const peer = connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    allowHalfOpen: true,
  })
  peer.pause().on('error', () => {})
  const [socket] = (await once(server, 'connection')) as [Socket]
  const wire = acceptWire(socket, NOBODY)
  while (socket.writableLength === 0) {
    socket.write(Buffer.alloc(65_536))
    await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    wire,
    peer,
    end: () => {
      peer.destroy()
      server.close()
    },
  }
}

describe('a peer that does not read', () => {
  test.each<[string, (wire: Wire) => void]>([
    ['after both sides have said all', finish],
    ['that is told why', (wire) => leave(wire, Buffer.alloc(8))],
  ])('does not hold a socket %s', async (_name, part) => {
    const { wire, end } = await stuckWire()
    const closed = once(wire.socket, 'close')
    part(wire)
    await closed
    expect(wire.socket.destroyed).toBe(true)
    end()
  })

  test('that reads in the end has got everything', async () => {
    const { wire, peer, end } = await stuckWire()
    let received = 0
    const written = wire.socket.bytesWritten
    peer.on('data', (chunk: Buffer) => {
      received += chunk.length
    })
    peer.on('end', () => peer.end())
    const all = once(peer.resume(), 'end')
    finish(wire)
    await all
    expect(received).toBe(written)
    end()
  })
})

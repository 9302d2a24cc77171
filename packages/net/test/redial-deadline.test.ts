import { createServer, type Socket } from 'node:net'
import { refuse } from '@ipc/faults'
import { type NetOptions, net, sessionOf } from '@ipc/net'
import { afterEach, describe, expect, test } from 'vitest'
import { GREETING_BYTES, GREETING_FLAG } from '../src/greeting.js'
import { proxyTo } from './fixtures/proxy-to.js'
import { greetingBytes } from './fixtures/raw-peer.js'
import { SECRET } from './fixtures/secret.js'

const ends: (() => unknown)[] = []

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

describe('a dialer that calls again', () => {
  test.each<[string, string, NetOptions, (socket: Socket) => void]>([
    ['accepts and says nothing', 'tcp', {}, () => {}],
    ['accepts and says nothing, under TLS', 'tls', { secret: SECRET }, () => {}],
    [
      'greets and does not answer RESUME',
      'tcp',
      {},
      (socket) => socket.write(greetingBytes({ flags: GREETING_FLAG.resumable }, 'acceptor')),
    ],
    [
      'begins a greeting and goes on no more',
      'tcp',
      {},
      (socket) => socket.write(greetingBytes({}, 'acceptor').subarray(0, GREETING_BYTES - 1)),
    ],
    ['accepts and leaves', 'tcp', {}, (socket) => socket.destroy()],
  ])(
    'and meets one that %s goes on trying, and is there when the listener is',
    async (_name, scheme, options, meet) => {
      const all = { ...options, handshakeTimeoutMs: 500, reconnect: { firstMs: 1, longestMs: 20 } }
      const listener = await net(options).listen<number, number>(`${scheme}://127.0.0.1:0`)
      const { proxy, address } = await proxyTo(listener.address)
      ends.push(
        () => listener.close(),
        () => proxy.close(),
      )
      const [client, server] = await Promise.all([
        net(all).connect<number, number>(address.replace('tcp', scheme)),
        listener.accept(),
      ])
      ends.push(
        () => server.abort(),
        () => client.abort(),
      )
      client.send(1)
      expect(await server.receive()).toBe(1)
      // Somebody else is there now.
      let calls = 0
      let enough!: () => void
      const calledAgain = new Promise<void>((resolve) => {
        enough = resolve
      })
      const impostor = createServer({ allowHalfOpen: true }, (socket) => {
        socket.on('error', () => {})
        ends.push(() => socket.destroy())
        meet(socket)
        if (++calls === 4) enough()
      })
      proxy.stopListening()
      impostor.listen(Number(address.split(':').at(-1)), '127.0.0.1')
      await new Promise((resolve) => impostor.once('listening', resolve))
      proxy.setToxics({ connection: [refuse()] })
      proxy.resetAll()
      await calledAgain
      expect(client.status).toBe('open')
      expect(sessionOf(client)?.state).toBe('reconnecting')
      client.send(2)
      impostor.close()
      proxy.setToxics({})
      await proxy.listenAgain()
      expect(await server.receive()).toBe(2)
      expect(sessionOf(client)).toMatchObject({ state: 'connected', resumes: 1 })
    },
  )
})

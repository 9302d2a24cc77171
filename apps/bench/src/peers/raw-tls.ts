import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect, createServer } from 'node:tls'
import type { Link } from '../net/link.js'
import { socketLink } from './socket-side.js'

const KEY = Buffer.alloc(32, 'ipc-bench')
/** What ours has by a secret: TLS 1.3 with a pre-shared key, and this cipher. */
const TERMS = { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256' } as const

/** TLS by a pre-shared key, as `node:tls` has it. */
export const rawTls: Link = socketLink({
  listen: (_scratch, onSocket) => {
    const server = createServer({ ...TERMS, noDelay: true, pskCallback: () => KEY }, onSocket)
    server.listen({ host: '127.0.0.1', port: 0 })
    return server
  },
  async dial(target): Promise<Socket> {
    const socket = connect({
      ...target,
      ...TERMS,
      pskCallback: () => ({ psk: KEY, identity: 'bench' }),
      // Asked only about a certificate, and there is none.
      checkServerIdentity: () => new Error('no certificate was to come'),
    })
    await once(socket, 'secureConnect')
    // TLS forgets the option of the same name.
    socket.setNoDelay(true)
    return socket
  },
})

import { once } from 'node:events'
import { connect, createServer, type ListenOptions, type NetConnectOpts, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Link } from '../net/link.js'
import { socketLink } from './socket-side.js'

/** A TCP connection, as `node:net` has it. */
export const rawTcp: Link = rawLink(() => ({ host: '127.0.0.1', port: 0 }))

/** A Unix socket, as `node:net` has it. */
export const rawUnix: Link = rawLink((scratch) => ({ path: join(scratch, 'raw.sock') }))

function rawLink(place: (scratch: string) => ListenOptions): Link {
  return socketLink({
    listen: (scratch, onSocket) => {
      const server = createServer({ noDelay: true }, onSocket)
      server.listen(place(scratch))
      return server
    },
    async dial(target): Promise<Socket> {
      const socket = connect({ ...target, noDelay: true } as NetConnectOpts)
      await once(socket, 'connect')
      return socket
    },
  })
}

import type {
  Connection,
  ConnectOptions,
  Listener,
  ListenOptions,
  Transport,
  TransportCapabilities,
} from '@ipc/core'
import { connectTo } from './connect.js'
import { listenAt } from './listener.js'
import { type NetOptions, type NetSettings, resolveNetOptions } from './net-options.js'

/**
 * Message passing over sockets: `tcp://host:port` and `tls://host:port` (IPv6 in brackets; port 0 in `listen` lets the system
 * choose), `unix:/path`, and on Windows `pipe:name`.
 *
 * `tls://` takes `secret` or `tls`, and these take `tls://`: nothing is secured, or left unsecured, silently. TCP beyond
 * loopback is refused with `IPC_PERMISSION_DENIED` unless `insecure` is set; Unix sockets are for their owner only. Who does
 * not prove what is asked for is refused with `IPC_AUTH_FAILED`. See `SECURITY.md` of this package.
 *
 * @throws RangeError | TypeError for an option that cannot be right.
 *
 * @example
 * ```ts
 * import { randomBytes } from 'node:crypto'
 * import { net } from '@ipc/net'
 *
 * const secret = randomBytes(32) // both sides need the same one: from a file of mode 0600, or the environment
 * const transport = net({ secret, authorize: (peer) => peer.identity === 'default' })
 * const listener = await transport.listen<string>('tls://127.0.0.1:0')
 * const client = await transport.connect<string>(listener.address)
 * const server = await listener.accept()
 * client.send('hello')
 * console.log(await server.receive(), server.peer.encrypted)
 * await client.close()
 * await listener.close()
 * ```
 */
export function net(options: NetOptions = {}): Transport<string> {
  return new NetTransport(resolveNetOptions(options))
}

class NetTransport implements Transport<string> {
  readonly name = 'net'
  readonly capabilities: TransportCapabilities = {
    model: 'message-passing',
    reach: 'machine',
    transferLists: false,
    manyConnections: true,
    encodes: true,
  }
  readonly #settings: NetSettings

  constructor(settings: NetSettings) {
    this.#settings = settings
  }

  connect<In, Out>(address: string, options: ConnectOptions<In, Out> = {}): Promise<Connection<In, Out>> {
    return connectTo(address, options, this.#settings)
  }

  listen<In, Out>(address: string, options: ListenOptions<In, Out> = {}): Promise<Listener<In, Out>> {
    return listenAt(address, options, this.#settings)
  }
}

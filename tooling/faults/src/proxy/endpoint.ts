import type { Server } from 'node:net'

/** A TCP address, by number or name. */
export interface TcpEndpoint {
  readonly host: string
  readonly port: number
}

/** A Unix socket. */
export interface UnixEndpoint {
  readonly path: string
}

/** Where somebody listens. */
export type Endpoint = TcpEndpoint | UnixEndpoint

/** Where this server does. */
export function endpointOf(server: Server): Endpoint {
  const address = server.address()
  if (address === null) throw new Error('the server does not listen')
  return typeof address === 'string' ? { path: address } : { host: address.address, port: address.port }
}

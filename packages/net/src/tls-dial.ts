import type { NetConnectOpts, Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { connectError } from './socket-error.js'
import { notOursError, tlsConnectError, unprovenError } from './tls-error.js'
import type { Proof, TlsMode } from './tls-mode.js'
import { ALPN_PROTOCOL } from './tls-mode.js'
import { dialWire, SOCKET_OPTIONS, type SocketReader, type Wire } from './wire.js'

/** Where to go, and who waits there. */
export interface TlsTarget {
  readonly address: string
  readonly host: string
  readonly port: number
}

/**
 * Start to connect through TLS. `secured` is called once the listener has proven who it is: the moment to speak, and to
 * become the reader of the wire. Until then `reader` hears only of the end.
 */
export function dialTls(
  target: TlsTarget,
  mode: TlsMode,
  reader: SocketReader,
  secured: (proof: Proof) => void,
): Wire {
  const { address, host, port } = target
  const options = mode.dialing(host)
  let connected = false
  const fail = (cause: Error | undefined): void =>
    reader.broke(connected ? tlsConnectError(address, cause, mode) : connectError(address, cause))
  const early: SocketReader = { bytes() {}, fin: () => fail(undefined), broke: fail }
  const open = (common: NetConnectOpts): Socket => {
    // Said in full, so that no environment variable decides.
    return connectTls({ ...common, ...options, ALPNProtocols: [ALPN_PROTOCOL], rejectUnauthorized: true })
  }
  const wire = dialWire({ host, port }, early, open)
  const socket = wire.socket as TLSSocket
  socket.once('connect', () => {
    connected = true
    // TLS forgets these.
    socket.setNoDelay(SOCKET_OPTIONS.noDelay)
    socket.setKeepAlive(SOCKET_OPTIONS.keepAlive, SOCKET_OPTIONS.keepAliveInitialDelay)
  })
  socket.once('secureConnect', () => {
    const proof = mode.proveListener(socket)
    if (proof.refusal !== undefined) reader.broke(unprovenError(address, proof.refusal))
    else if (socket.alpnProtocol !== ALPN_PROTOCOL) reader.broke(notOursError(address))
    else secured(proof)
  })
  return wire
}

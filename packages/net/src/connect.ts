import { type Codec, type Connection, type ConnectOptions, msgpack, type Peer } from '@ipc/core'
import { abortedError, checkDurationMs, resolveLimits, startWait } from '@ipc/core/internal'
import { type NetAddress, parseAddress } from './address.js'
import { MECHANISM } from './greeting.js'
import { Handshake } from './handshake.js'
import { checkDialed, guardedLookup } from './loopback.js'
import type { NetSettings } from './net-options.js'
import { openConnection } from './open-connection.js'
import { checkPipes, pipePath } from './pipe-name.js'
import { checkScheme } from './scheme.js'
import { dialTls } from './tls-dial.js'
import { checkSocketOwner } from './unix-owner.js'
import { checkUnixPath } from './unix-path.js'
import { dialWire } from './wire.js'

/** `Transport.connect` of this package. */
export async function connectTo<In, Out>(
  address: string,
  options: ConnectOptions<In, Out>,
  settings: NetSettings,
): Promise<Connection<In, Out>> {
  const target = parseAddress(address)
  const limits = resolveLimits(options)
  checkDurationMs('timeoutMs', options.timeoutMs ?? 0)
  const known = checkTarget(target, address, settings)
  const codec = options.codec ?? (msgpack() as unknown as Codec<In, Out>)
  const what = `connect to ${address}`
  if (options.signal?.aborted) throw abortedError(what, options.signal.reason)

  const wait = startWait<Connection<In, Out>>(what, options, () => handshake.cancel())
  let peer: Peer = { transport: 'net', address, ...known }
  const handshake = new Handshake({
    role: 'dialer',
    address,
    codecName: codec.name,
    limits,
    mechanism: settings.tls === undefined ? MECHANISM.none : MECHANISM.tls,
    timeoutMs: settings.handshakeTimeoutMs,
    greeted(theirs, source, start, end) {
      const { wire } = handshake
      const { connection, link } = openConnection({ wire, peer, codec, options, limits, theirs })
      wait.resolve(connection)
      link.bytes(source, start, end)
      return undefined
    },
    failed: (error) => wait.reject(error),
  })
  const greet = (): void => void handshake.wire.socket.write(handshake.greeting)
  if (target.scheme === 'tls' && settings.tls !== undefined) {
    handshake.wire = dialTls({ ...target, address }, settings.tls, handshake, ({ identity }) => {
      peer = { ...peer, encrypted: true, ...(identity === undefined ? {} : { identity }) }
      handshake.wire.reader = handshake
      greet()
    })
  } else {
    handshake.wire = dialWire(dialOptions(target, settings), handshake)
    greet()
  }
  handshake.wire.socket.once('connect', () => handshake.start())
  return wait.promise
}

/** Refuses what cannot or must not be reached; returns what is known of the peer before anything is said. */
function checkTarget(target: NetAddress, address: string, settings: NetSettings): Partial<Peer> {
  checkScheme(target, address, settings)
  if (target.scheme === 'unix') {
    checkUnixPath(target.path)
    const uid = checkSocketOwner(target.path)
    return uid === undefined ? {} : { uid }
  }
  if (target.scheme === 'pipe') {
    checkPipes()
    return {}
  }
  if (target.port === 0)
    throw new TypeError('port 0 is for listen only, connect needs the port that was chosen')
  if (target.scheme === 'tcp') checkDialed(target, settings.insecure)
  return {}
}

function dialOptions(target: NetAddress, { insecure }: NetSettings): Parameters<typeof dialWire>[0] {
  if (target.scheme === 'unix') return { path: target.path }
  if (target.scheme === 'pipe') return { path: pipePath(target.name) }
  return { host: target.host, port: target.port, lookup: guardedLookup(insecure) }
}

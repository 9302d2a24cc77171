import { type Codec, type Connection, type ConnectOptions, msgpack } from '@ipc/core'
import { abortedError, checkDurationMs, resolveLimits, startWait } from '@ipc/core/internal'
import { type NetAddress, parseAddress } from './address.js'
import { Handshake } from './handshake.js'
import { checkDialed, guardedLookup } from './loopback.js'
import type { NetSettings } from './net-options.js'
import { openConnection } from './open-connection.js'
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
  checkTarget(target, settings)
  const codec = options.codec ?? (msgpack() as unknown as Codec<In, Out>)
  const what = `connect to ${address}`
  if (options.signal?.aborted) throw abortedError(what, options.signal.reason)

  const wait = startWait<Connection<In, Out>>(what, options, () => handshake.cancel())
  const handshake = new Handshake({
    role: 'dialer',
    address,
    codecName: codec.name,
    limits,
    timeoutMs: settings.handshakeTimeoutMs,
    greeted(theirs, source, start, end) {
      const { wire } = handshake
      const { connection, link } = openConnection({ wire, address, codec, options, limits, theirs })
      wait.resolve(connection)
      link.bytes(source, start, end)
      return undefined
    },
    failed: (error) => wait.reject(error),
  })
  handshake.wire = dialWire(dialOptions(target, settings), handshake)
  handshake.wire.socket.once('connect', () => handshake.start())
  handshake.wire.socket.write(handshake.greeting)
  return wait.promise
}

function checkTarget(target: NetAddress, { insecure }: NetSettings): void {
  if (target.scheme === 'unix') {
    checkUnixPath(target.path)
    return
  }
  if (target.port === 0)
    throw new TypeError('port 0 is for listen only, connect needs the port that was chosen')
  checkDialed(target, insecure)
}

function dialOptions(target: NetAddress, { insecure }: NetSettings): Parameters<typeof dialWire>[0] {
  if (target.scheme === 'unix') return { path: target.path }
  return { host: target.host, port: target.port, lookup: guardedLookup(insecure) }
}

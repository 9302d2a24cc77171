import { type Codec, type Connection, type ConnectOptions, msgpack, type Peer } from '@ipc/core'
import { abortedError, checkDurationMs, resolveLimits, startWait } from '@ipc/core/internal'
import { type NetAddress, parseAddress } from './address.js'
import { dial } from './dial.js'
import { GREETING_FLAG } from './greeting.js'
import type { Handshake } from './handshake.js'
import { checkDialed } from './loopback.js'
import { type NetSettings, termsFor } from './net-options.js'
import { openConnection } from './open-connection.js'
import { checkPipes } from './pipe-name.js'
import { Redialer } from './redialer.js'
import { checkScheme } from './scheme.js'
import { setSession } from './session-events.js'
import { checkSocketOwner } from './unix-owner.js'
import { checkUnixPath } from './unix-path.js'

/** One of the addresses that a dialer may call. */
interface Endpoint {
  readonly address: string
  readonly target: NetAddress
  /** What is known of who listens there before anything is said. */
  readonly peer: Peer
}

/** `Transport.connect` of this package. Several addresses, separated by commas, are tried in their order. */
export async function connectTo<In, Out>(
  addresses: string,
  options: ConnectOptions<In, Out>,
  settings: NetSettings,
): Promise<Connection<In, Out>> {
  const parsed = splitAddresses(addresses)
  const limits = resolveLimits(options)
  checkDurationMs('timeoutMs', options.timeoutMs ?? 0)
  const endpoints = parsed.map(({ address, target }) => {
    return { address, target, peer: { transport: 'net', address, ...checkTarget(target, address, settings) } }
  })
  const codec = options.codec ?? (msgpack() as unknown as Codec<In, Out>)
  const what = `connect to ${addresses}`
  if (options.signal?.aborted) throw abortedError(what, options.signal.reason)

  let handshake: Handshake | undefined
  const wait = startWait<Connection<In, Out>>(what, options, () => handshake?.cancel())
  const attempt = ({ address, target, peer: known }: Endpoint, others: readonly Endpoint[]): void => {
    const terms = termsFor(settings, target)
    const call = { address, target, settings, codecName: codec.name, limits, terms }
    let peer = known
    const current: Handshake = dial({
      ...call,
      proven: (more) => {
        peer = { ...peer, ...more }
      },
      greeted(theirs, source, start, end) {
        current.done()
        const survives = (terms.flags & theirs.flags & GREETING_FLAG.resumable) !== 0
        const keeper = survives ? new Redialer<Out>(call) : undefined
        const { silenceMs } = terms
        const { wire } = current
        const opened = openConnection({ wire, peer, codec, options, limits, theirs, silenceMs, keeper })
        keeper?.begin(opened.link, current)
        if (keeper !== undefined) setSession(opened.connection, keeper.events)
        wait.resolve(opened.connection)
        opened.link.bytes(source, start, end)
        return undefined
      },
      failed(error) {
        const [next, ...rest] = others
        if (next === undefined) wait.reject(error)
        else attempt(next, rest)
      },
    })
    handshake = current
  }
  attempt(endpoints[0] as Endpoint, endpoints.slice(1))
  return wait.promise
}

function splitAddresses(addresses: string): { readonly address: string; readonly target: NetAddress }[] {
  // A path may hold a comma: only what begins an address ends the one before it.
  const parts = typeof addresses === 'string' ? addresses.split(/,(?=[a-z]+:)/) : [addresses]
  return parts.map((address) => ({ address, target: parseAddress(address) }))
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

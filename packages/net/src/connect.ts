import { type Codec, type Connection, type ConnectOptions, msgpack } from '@ipc/core'
import { abortedError, checkDurationMs, resolveLimits, startWait } from '@ipc/core/internal'
import { type NetAddress, parseAddress } from './address.js'
import { dial } from './dial.js'
import { GREETING_FLAG } from './greeting.js'
import type { Handshake } from './handshake.js'
import { checkDialed } from './loopback.js'
import { type NetSettings, termsFor } from './net-options.js'
import { openConnection } from './open-connection.js'
import { Redialer } from './redialer.js'
import { setSession } from './session-events.js'
import { checkUnixPath } from './unix-path.js'

interface Endpoint {
  readonly address: string
  readonly target: NetAddress
}

/** `Transport.connect` of this package. Several addresses, separated by commas, are tried in their order. */
export async function connectTo<In, Out>(
  addresses: string,
  options: ConnectOptions<In, Out>,
  settings: NetSettings,
): Promise<Connection<In, Out>> {
  const endpoints = endpointsOf(addresses)
  const limits = resolveLimits(options)
  checkDurationMs('timeoutMs', options.timeoutMs ?? 0)
  for (const { target } of endpoints) checkTarget(target, settings)
  const codec = options.codec ?? (msgpack() as unknown as Codec<In, Out>)
  const what = `connect to ${addresses}`
  if (options.signal?.aborted) throw abortedError(what, options.signal.reason)

  let handshake: Handshake | undefined
  const wait = startWait<Connection<In, Out>>(what, options, () => handshake?.cancel())
  const attempt = ([{ address, target }, ...others]: readonly [Endpoint, ...Endpoint[]]): void => {
    const terms = termsFor(settings, target)
    const call = { address, target, settings, codecName: codec.name, limits, terms }
    const current = dial({
      ...call,
      greeted(theirs, source, start, end) {
        current.done()
        const survives = (terms.flags & theirs.flags & GREETING_FLAG.resumable) !== 0
        const keeper = survives ? new Redialer<Out>(call) : undefined
        const { silenceMs } = terms
        const opened = openConnection({
          wire: current.wire,
          address,
          codec,
          options,
          limits,
          theirs,
          silenceMs,
          keeper,
        })
        keeper?.begin(opened.link, current)
        if (keeper !== undefined) setSession(opened.connection, keeper.events)
        wait.resolve(opened.connection)
        opened.link.bytes(source, start, end)
        return undefined
      },
      failed(error) {
        const [next, ...rest] = others
        if (next === undefined) wait.reject(error)
        else attempt([next, ...rest])
      },
    })
    handshake = current
  }
  attempt(endpoints)
  return wait.promise
}

function endpointsOf(addresses: string): readonly [Endpoint, ...Endpoint[]] {
  // A path may hold a comma: only what begins an address ends the one before it.
  const parts = typeof addresses === 'string' ? addresses.split(/,(?=[a-z]+:)/) : [addresses]
  return parts.map((address) => ({ address, target: parseAddress(address) })) as [Endpoint, ...Endpoint[]]
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

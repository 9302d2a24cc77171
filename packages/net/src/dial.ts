import type { Limits } from '@ipc/core/internal'
import type { NetAddress } from './address.js'
import type { GreetingTerms } from './greeting.js'
import { Handshake, type HandshakeInit } from './handshake.js'
import { guardedLookup } from './loopback.js'
import type { NetSettings } from './net-options.js'
import { dialWire } from './wire.js'

/** Where a dialer calls, and what it says of itself. */
export interface DialInit extends Pick<HandshakeInit, 'greeted' | 'failed'> {
  readonly address: string
  readonly target: NetAddress
  readonly settings: NetSettings
  readonly codecName: string
  readonly limits: Limits
  readonly terms: GreetingTerms
}

/** Call a listener: connect, and greet it. */
export function dial({ address, target, settings, codecName, limits, terms, ...steps }: DialInit): Handshake {
  const { handshakeTimeoutMs: timeoutMs } = settings
  const handshake = new Handshake({ role: 'dialer', address, codecName, limits, terms, timeoutMs, ...steps })
  handshake.wire = dialWire(dialOptions(target, settings), handshake)
  handshake.wire.socket.once('connect', () => handshake.start())
  handshake.wire.socket.write(handshake.greeting)
  return handshake
}

function dialOptions(target: NetAddress, { insecure }: NetSettings): Parameters<typeof dialWire>[0] {
  if (target.scheme === 'unix') return { path: target.path }
  return { host: target.host, port: target.port, lookup: guardedLookup(insecure) }
}

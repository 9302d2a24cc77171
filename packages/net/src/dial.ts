import type { Peer } from '@ipc/core'
import type { Limits } from '@ipc/core/internal'
import type { NetAddress } from './address.js'
import { GREETING_FLAG, type GreetingTerms } from './greeting.js'
import { Handshake, type HandshakeInit } from './handshake.js'
import { guardedLookup } from './loopback.js'
import type { NetSettings } from './net-options.js'
import { pipePath } from './pipe-name.js'
import { dialTls } from './tls-dial.js'
import { dialWire } from './wire.js'

/** Where a dialer calls, and what it says of itself. */
export interface DialInit extends Pick<HandshakeInit, 'greeted' | 'failed'> {
  readonly address: string
  readonly target: NetAddress
  readonly settings: NetSettings
  readonly codecName: string
  readonly limits: Limits
  readonly terms: GreetingTerms
  /** The listener has proven so much of itself, before it greets. */
  proven?(peer: Pick<Peer, 'encrypted' | 'identity'>): void
}

/** Call a listener: connect, have it prove who it is where that is asked for, and greet it. */
export function dial({ address, target, settings, proven, ...init }: DialInit): Handshake {
  const { handshakeTimeoutMs: timeoutMs } = settings
  const handshake = new Handshake({ ...init, role: 'dialer', address, timeoutMs })
  const greet = (): void => void handshake.wire.socket.write(handshake.greeting)
  if (target.scheme === 'tls' && settings.tls !== undefined) {
    handshake.wire = dialTls({ ...target, address }, settings.tls, handshake, ({ identity }) => {
      proven?.({ encrypted: true, ...(identity === undefined ? {} : { identity }) })
      handshake.wire.reader = handshake
      greet()
    })
  } else {
    handshake.wire = dialWire(dialOptions(target, settings), handshake)
    greet()
  }
  // Who calls again does not wait for a network that swallows everything as long as the system would.
  if ((init.terms.flags & GREETING_FLAG.resuming) !== 0) handshake.start()
  else handshake.wire.socket.once('connect', () => handshake.start())
  return handshake
}

function dialOptions(target: NetAddress, { insecure }: NetSettings): Parameters<typeof dialWire>[0] {
  if (target.scheme === 'unix') return { path: target.path }
  if (target.scheme === 'pipe') return { path: pipePath(target.name) }
  return { host: target.host, port: target.port, lookup: guardedLookup(insecure) }
}

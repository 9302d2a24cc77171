import type { Codec, Connection, ConnectionOptions, Peer } from '@ipc/core'
import { createConnection, type Limits } from '@ipc/core/internal'
import type { Greeting } from './greeting.js'
import { type SessionKeeper, SocketLink } from './socket-link.js'
import type { Wire } from './wire.js'

/** What a connection has to know once both greetings are exchanged. */
export interface OpenConnectionInit<In, Out> {
  readonly wire: Wire
  readonly peer: Peer
  readonly codec: Codec<In, Out>
  readonly options: ConnectionOptions<In, Out>
  readonly limits: Limits
  readonly theirs: Greeting
  /** Silence of the peer that is tolerated; 0 if any. */
  readonly silenceMs: number
  /** Of a connection that survives its socket. */
  readonly keeper: SessionKeeper | undefined
}

/** A connection whose link reads the wire from now on. */
export interface OpenedConnection<In, Out> {
  readonly connection: Connection<In, Out>
  readonly link: SocketLink<Out>
}

/** Put a connection on a wire. */
export function openConnection<In, Out>(init: OpenConnectionInit<In, Out>): OpenedConnection<In, Out> {
  const { wire, peer, codec, options, limits, theirs, silenceMs, keeper } = init
  let link!: SocketLink<Out>
  const connection = createConnection<In, Out>({
    options: { ...options, codec },
    limits,
    link(events) {
      link = new SocketLink<Out>({
        peer,
        codec,
        limits,
        theirs,
        credit: limits.highWaterMarkBytes,
        silenceMs,
        events,
        keeper,
      })
      return link
    },
  })
  link.attach(wire, theirs)
  return { connection, link }
}

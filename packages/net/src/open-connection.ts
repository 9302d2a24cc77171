import type { Codec, Connection, ConnectionOptions, Peer } from '@ipc/core'
import { createConnection, type Limits } from '@ipc/core/internal'
import type { Greeting } from './greeting.js'
import { SocketLink } from './socket-link.js'
import type { Wire } from './wire.js'

/** What a connection has to know once both greetings are exchanged. */
export interface OpenConnectionInit<In, Out> {
  readonly wire: Wire
  readonly peer: Peer
  readonly codec: Codec<In, Out>
  readonly options: ConnectionOptions<In, Out>
  readonly limits: Limits
  readonly theirs: Greeting
}

/** A connection whose link reads the wire from now on. */
export interface OpenedConnection<In, Out> {
  readonly connection: Connection<In, Out>
  readonly link: SocketLink<Out>
}

/** Put a connection on a wire. */
export function openConnection<In, Out>(init: OpenConnectionInit<In, Out>): OpenedConnection<In, Out> {
  const { wire, peer, codec, options, limits, theirs } = init
  let link!: SocketLink<Out>
  const connection = createConnection<In, Out>({
    options: { ...options, codec },
    limits,
    link(events) {
      link = new SocketLink<Out>({
        wire,
        peer,
        codec,
        limits,
        theirs,
        credit: limits.highWaterMarkBytes,
        events,
      })
      return link
    },
  })
  wire.reader = link
  return { connection, link }
}

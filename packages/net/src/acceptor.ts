import type { Server, Socket } from 'node:net'
import type { Codec, ListenOptions } from '@ipc/core'
import type { FedListener, Limits, ListenerSource } from '@ipc/core/internal'
import { formatTcp } from './address.js'
import { GREETING_FLAG, type Greeting, type GreetingTerms } from './greeting.js'
import { Handshake } from './handshake.js'
import type { NetSettings } from './net-options.js'
import { openConnection } from './open-connection.js'
import { publishRefused } from './refusals.js'
import { setSession } from './session-events.js'
import { SessionTable } from './session-table.js'
import { listenError } from './socket-error.js'
import type { SocketLink } from './socket-link.js'
import { acceptWire } from './wire.js'
import { WIRE_ERROR, type WireError } from './wire-error.js'

/** What an {@link Acceptor} needs. */
export interface AcceptorInit<In, Out> {
  readonly server: Server
  /** Where the server listens. */
  readonly address: string
  readonly codec: Codec<In, Out>
  readonly options: ListenOptions<In, Out>
  readonly limits: Limits
  readonly settings: NetSettings
  readonly terms: GreetingTerms
}

/** Turns the sockets of a server into connections of a listener. What a stranger does disturbs nobody else. */
export class Acceptor<In, Out> implements ListenerSource<string> {
  readonly address: string
  readonly #init: AcceptorInit<In, Out>
  readonly #greeting = new Set<Handshake>()
  readonly #sessions: SessionTable

  constructor(init: AcceptorInit<In, Out>) {
    this.#init = init
    this.address = init.address
    this.#sessions = new SessionTable(init.settings.resumeWindowMs)
  }

  /** Begin to feed `listener`; returns it. */
  serve<L extends FedListener<In, Out, string>>(listener: L): L {
    const { server, address } = this.#init
    server.on('connection', (socket) => this.#accept(socket, listener))
    // A caller could not be accepted; the server goes on.
    server.on('error', (cause) => publishRefused({ address, error: listenError(address, cause) }))
    return listener
  }

  /** Frees the address at once: a server waits for its connections only before it says that it is closed. */
  async stop(): Promise<void> {
    this.#init.server.close()
    for (const handshake of this.#greeting) handshake.cancel()
    this.#greeting.clear()
  }

  ref(): void {
    this.#init.server.ref()
  }

  unref(): void {
    this.#init.server.unref()
  }

  #accept(socket: Socket, listener: FedListener<In, Out, string>): void {
    const { codec, limits, settings, terms } = this.#init
    const { remoteAddress, remotePort } = socket
    // A Unix socket's caller has no address; what it is called here is the one that both know.
    const peer = remoteAddress === undefined ? this.address : formatTcp(remoteAddress, remotePort ?? 0)
    const handshake = new Handshake({
      role: 'acceptor',
      address: peer,
      codecName: codec.name,
      limits,
      terms,
      timeoutMs: settings.handshakeTimeoutMs,
      greeted: (theirs, source, start, end) => {
        if ((theirs.flags & GREETING_FLAG.resuming) !== 0) {
          this.#sessions.resume(handshake, theirs, source, start, end)
          return undefined
        }
        if (!listener.accepting) return OVERLOADED
        handshake.done()
        this.#open(handshake, peer, theirs, listener, source.subarray(start, end))
        return undefined
      },
      failed: (error) => {
        publishRefused({ address: this.address, error })
      },
    })
    this.#greeting.add(handshake)
    handshake.wire = acceptWire(socket, handshake)
    handshake.start(() => this.#greeting.delete(handshake))
  }

  #open(
    handshake: Handshake,
    address: string,
    theirs: Greeting,
    listener: FedListener<In, Out, string>,
    behind: Uint8Array,
  ): void {
    const { codec, options, limits, terms } = this.#init
    const { wire, greeting } = handshake
    const { silenceMs } = terms
    const survives = (terms.flags & theirs.flags & GREETING_FLAG.resumable) !== 0
    const keeper = survives ? this.#sessions.begin(handshake) : undefined
    wire.socket.write(greeting)
    const opened = openConnection({ wire, address, codec, options, limits, theirs, silenceMs, keeper })
    const { connection, link } = opened
    if (keeper !== undefined) {
      keeper.link = link as unknown as SocketLink<never>
      setSession(connection, keeper.events)
    }
    listener.offer(connection)
    link.bytes(behind, 0, behind.length)
  }
}

const OVERLOADED: WireError = {
  code: WIRE_ERROR.overloaded,
  retryable: true,
  reason: 'too many connections wait to be accepted',
}

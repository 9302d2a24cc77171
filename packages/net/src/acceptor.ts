import type { Server, Socket } from 'node:net'
import type { Codec, ListenOptions } from '@ipc/core'
import type { FedListener, Limits, ListenerSource } from '@ipc/core/internal'
import { formatTcp } from './address.js'
import type { Greeting } from './greeting.js'
import { Handshake } from './handshake.js'
import type { NetSettings } from './net-options.js'
import { openConnection } from './open-connection.js'
import { publishRefused } from './refusals.js'
import { listenError } from './socket-error.js'
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
}

/** Turns the sockets of a server into connections of a listener. What a stranger does disturbs nobody else. */
export class Acceptor<In, Out> implements ListenerSource<string> {
  readonly address: string
  readonly #init: AcceptorInit<In, Out>
  readonly #greeting = new Set<Handshake>()

  constructor(init: AcceptorInit<In, Out>) {
    this.#init = init
    this.address = init.address
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
    const { codec, limits, settings } = this.#init
    const { remoteAddress, remotePort } = socket
    // A Unix socket's caller has no address; what it is called here is the one that both know.
    const peer = remoteAddress === undefined ? this.address : formatTcp(remoteAddress, remotePort ?? 0)
    const handshake = new Handshake({
      role: 'acceptor',
      address: peer,
      codecName: codec.name,
      limits,
      timeoutMs: settings.handshakeTimeoutMs,
      greeted: (theirs, source, start, end) => {
        if (!listener.accepting) return OVERLOADED
        this.#greeting.delete(handshake)
        this.#open(handshake, peer, theirs, listener, source.subarray(start, end))
        return undefined
      },
      failed: (error) => {
        this.#greeting.delete(handshake)
        publishRefused({ address: this.address, error })
      },
    })
    this.#greeting.add(handshake)
    handshake.wire = acceptWire(socket, handshake)
    handshake.start()
  }

  #open(
    { wire, greeting }: Handshake,
    address: string,
    theirs: Greeting,
    listener: FedListener<In, Out, string>,
    behind: Uint8Array,
  ): void {
    const { codec, options, limits } = this.#init
    wire.socket.write(greeting)
    const { connection, link } = openConnection({ wire, address, codec, options, limits, theirs })
    listener.offer(connection)
    link.bytes(behind, 0, behind.length)
  }
}

const OVERLOADED: WireError = {
  code: WIRE_ERROR.overloaded,
  retryable: true,
  reason: 'too many connections wait to be accepted',
}

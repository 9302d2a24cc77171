import type { Server } from 'node:net'
import { type Codec, IpcError, type ListenOptions } from '@ipc/core'
import type { FedListener, Limits, ListenerSource } from '@ipc/core/internal'
import { decide } from './authorize.js'
import type { Caller } from './caller.js'
import { Entrance } from './entrance.js'
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
import { NOT_AUTHORIZED, WIRE_ERROR, type WireError } from './wire-error.js'

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
  readonly #entrance: Entrance
  readonly #sessions: SessionTable

  constructor(init: AcceptorInit<In, Out>) {
    const { address, settings } = init
    this.#init = init
    this.address = address
    this.#entrance = new Entrance({ address, timeoutMs: settings.handshakeTimeoutMs, tls: settings.tls })
    this.#sessions = new SessionTable(settings.resumeWindowMs)
  }

  /** Begin to feed `listener`; returns it. */
  serve<L extends FedListener<In, Out, string>>(listener: L): L {
    const { server, address } = this.#init
    server.on('connection', (socket) => {
      this.#entrance.receive(socket, (caller) => this.#greet(caller, listener))
    })
    // A caller could not be accepted; the server goes on.
    server.on('error', (cause) => publishRefused({ address, error: listenError(address, cause) }))
    return listener
  }

  /** Frees the address at once: a server waits for its connections only before it says that it is closed. */
  async stop(): Promise<void> {
    this.#init.server.close()
    this.#entrance.stop()
  }

  ref(): void {
    this.#init.server.ref()
  }

  unref(): void {
    this.#init.server.unref()
  }

  #greet(caller: Caller, listener: FedListener<In, Out, string>): void {
    const { codec, limits, settings, terms } = this.#init
    const handshake: Handshake = new Handshake({
      role: 'acceptor',
      address: caller.address,
      codecName: codec.name,
      limits,
      terms,
      timeoutMs: settings.handshakeTimeoutMs,
      greeted: (theirs, source, start, end) => {
        const { authorize } = settings
        if (authorize === undefined) {
          return this.#enter(handshake, caller, theirs, listener, source.subarray(start, end))
        }
        const held = holdWire(handshake, Buffer.from(source.subarray(start, end)))
        void decide(authorize, caller.peer).then(({ allowed, cause }) => {
          if (caller.over) return
          if (!allowed) handshake.refuse(NOT_AUTHORIZED, unauthorizedError(caller, cause))
          else {
            const refusal = this.#enter(handshake, caller, theirs, listener, held())
            if (refusal !== undefined) handshake.refuse(refusal)
          }
        })
        return undefined
      },
      failed: (error) => this.#entrance.failed(caller, error),
    })
    caller.drop = () => handshake.cancel()
    handshake.wire = acceptWire(caller.socket, handshake)
    caller.socket.resume()
  }

  /** For a new connection, or to go on with one. `behind`: what has come in behind the greeting. */
  #enter(
    handshake: Handshake,
    caller: Caller,
    theirs: Greeting,
    listener: FedListener<In, Out, string>,
    behind: Uint8Array,
  ): WireError | undefined {
    // It has gone while it was decided about: its end is about to be reported.
    if (caller.socket.destroyed) return undefined
    if ((theirs.flags & GREETING_FLAG.resuming) !== 0) {
      this.#sessions.resume(handshake, theirs, behind, caller.peer, () => this.#entrance.passed(caller))
      return undefined
    }
    if (!listener.accepting) return OVERLOADED
    this.#entrance.passed(caller)
    this.#open(handshake, caller, theirs, listener, behind)
    return undefined
  }

  #open(
    handshake: Handshake,
    { peer }: Caller,
    theirs: Greeting,
    listener: FedListener<In, Out, string>,
    behind: Uint8Array,
  ): void {
    const { codec, options, limits, terms } = this.#init
    const { wire, greeting } = handshake
    const { silenceMs } = terms
    const survives = (terms.flags & theirs.flags & GREETING_FLAG.resumable) !== 0
    const keeper = survives ? this.#sessions.begin(handshake, peer) : undefined
    wire.socket.write(greeting)
    const opened = openConnection({ wire, peer, codec, options, limits, theirs, silenceMs, keeper })
    const { connection, link } = opened
    if (keeper !== undefined) {
      keeper.link = link as unknown as SocketLink<never>
      setSession(connection, keeper.events)
    }
    listener.offer(connection)
    link.bytes(behind, 0, behind.length)
  }
}

/** Read no more until the returned function is called, which gives what has come in behind the greeting. */
function holdWire(handshake: Handshake, behind: Buffer): () => Buffer {
  const { wire } = handshake
  const chunks = [behind]
  wire.reader = {
    // What was under way already when reading stopped.
    bytes: (source, start, end) => void chunks.push(Buffer.from(source.subarray(start, end))),
    fin: () => handshake.fin(),
    broke: (error) => handshake.broke(error),
  }
  wire.socket.pause()
  return () => {
    wire.socket.resume()
    return Buffer.concat(chunks)
  }
}

function unauthorizedError({ address, peer }: Caller, cause: unknown): IpcError {
  const why = cause === undefined ? 'authorize did not answer true' : 'authorize failed'
  const details = { address, identity: peer.identity }
  return new IpcError('IPC_AUTH_FAILED', `${address} is refused: ${why}`, { cause, details })
}

const OVERLOADED: WireError = {
  code: WIRE_ERROR.overloaded,
  retryable: true,
  reason: 'too many connections wait to be accepted',
}

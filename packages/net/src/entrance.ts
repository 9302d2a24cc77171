import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { IpcError } from '@ipc/core'
import { formatTcp } from './address.js'
import { Caller } from './caller.js'
import { Callers } from './callers.js'
import { encodeError } from './frame.js'
import { publishRefused } from './refusals.js'
import { TlsDoor } from './tls-door.js'
import type { Proof, TlsMode } from './tls-mode.js'
import { acceptWire, leave, NOBODY } from './wire.js'
import { NOT_AUTHORIZED } from './wire-error.js'

/** What an {@link Entrance} needs. */
export interface EntranceInit {
  /** Address of the listener. */
  readonly address: string
  readonly timeoutMs: number
  /** `undefined`: callers come in as they are. */
  readonly tls: TlsMode | undefined
}

/** The way from an accepted socket to a caller who may send its greeting: its turn, and TLS. */
export class Entrance {
  readonly #address: string
  readonly #callers: Callers
  readonly #door: TlsDoor | undefined

  constructor({ address, timeoutMs, tls }: EntranceInit) {
    this.#address = address
    this.#door = tls && new TlsDoor(tls, timeoutMs)
    this.#callers = new Callers({ timeoutMs, refused: (_caller, error) => this.#publish(error) })
  }

  /** `socket` was accepted, and is paused. `admitted` is called when it is time to read its greeting. */
  receive(socket: Socket, admitted: (caller: Caller) => void): void {
    const { remoteAddress, remotePort = 0 } = socket
    const scheme = this.#door === undefined ? 'tcp' : 'tls'
    // A Unix socket's caller has no address; what it is called here is the one that both know.
    const address = remoteAddress === undefined ? this.#address : formatTcp(remoteAddress, remotePort, scheme)
    const caller = new Caller(socket, { transport: 'net', address })
    this.#callers.enter(caller, () => {
      if (this.#door === undefined) admitted(caller)
      else this.#secure(this.#door, caller, admitted)
    })
  }

  /** It is a connection now. */
  passed(caller: Caller): void {
    this.#callers.leave(caller)
  }

  /** It ended, or is being told why not. */
  failed(caller: Caller, error: IpcError): void {
    if (caller.over) return
    this.#callers.part(caller)
    this.#publish(error)
  }

  /** Nobody listens any more. */
  stop(): void {
    this.#callers.stop()
  }

  #secure(door: TlsDoor, caller: Caller, admitted: (caller: Caller) => void): void {
    door.enter(caller.raw, {
      address: caller.address,
      secured: (socket, proof) => this.#judge(caller, socket, proof, admitted),
      failed: (error) => this.#callers.refuse(caller, error),
    })
  }

  #judge(caller: Caller, socket: TLSSocket, proof: Proof, admitted: (caller: Caller) => void): void {
    const { address } = caller
    caller.socket = socket
    caller.drop = () => socket.destroy()
    if (proof.refusal !== undefined) {
      const message = `${address} is refused: ${proof.refusal}`
      this.failed(caller, new IpcError('IPC_AUTH_FAILED', message, { details: { address } }))
      leave(acceptWire(socket, NOBODY), encodeError(NOT_AUTHORIZED))
      return
    }
    const { identity } = proof
    caller.peer = { ...caller.peer, encrypted: true, ...(identity === undefined ? {} : { identity }) }
    if (identity !== undefined) this.#callers.prove(caller)
    admitted(caller)
  }

  #publish(error: IpcError): void {
    publishRefused({ address: this.#address, error })
  }
}

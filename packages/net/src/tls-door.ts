import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { IpcError } from '@ipc/core'
import { CLIENT_HELLO_PREFIX_BYTES, clientHelloFault } from './client-hello.js'
import { tlsAcceptError } from './tls-error.js'
import { ALPN_PROTOCOL, type Proof, type TlsMode } from './tls-mode.js'
import { SOCKET_OPTIONS } from './wire.js'

/** How TLS with a caller went. */
export interface TlsOutcome {
  /** Names the caller in messages. */
  readonly address: string
  /** It speaks TLS; `proof` says whether it may go on. */
  secured(socket: TLSSocket, proof: Proof): void
  /** It came to nothing. The socket is closed, or has to be. */
  failed(error: IpcError): void
}

/** The longest delay of a timer. */
const LONGEST_MS = 2 ** 31 - 1

/**
 * Lets accepted sockets in through TLS. The first bytes are looked at before TLS sees them: what is no ClientHello, or a
 * huge one, never gets that far.
 */
export class TlsDoor {
  readonly #mode: TlsMode
  /** Never listens: it is handed sockets. */
  readonly #server: Server
  /** TLS does not say which socket it was given; the two ends of a TCP connection tell. */
  readonly #outcomes = new Map<string, TlsOutcome>()

  constructor(mode: TlsMode, timeoutMs: number) {
    this.#mode = mode
    // The caller's deadline began earlier and is over first; Node's own default is two minutes.
    this.#server = createServer({ ...mode.listening(), handshakeTimeout: Math.min(timeoutMs, LONGEST_MS) })
    this.#server.on('secureConnection', (socket) => this.#secured(socket))
    this.#server.on('tlsClientError', (cause, socket) => {
      const outcome = this.#take(socket)
      outcome?.failed(tlsAcceptError(outcome.address, cause, mode.claimedBy(socket)))
    })
  }

  /** Talk TLS with the caller on `raw`, of which nothing has been read. */
  enter(raw: Socket, outcome: TlsOutcome): void {
    let seen: Buffer = Buffer.alloc(0)
    const look = (): void => {
      const chunk = raw.read() as Buffer | null
      if (chunk !== null) seen = Buffer.concat([seen, chunk])
      const fault = clientHelloFault(seen)
      if (fault !== undefined) {
        stop()
        outcome.failed(faultError(outcome.address, fault))
      } else if (seen.length >= CLIENT_HELLO_PREFIX_BYTES) {
        stop()
        raw.unshift(seen)
        this.#hand(raw, outcome)
      }
    }
    const left = (): void => {
      stop()
      outcome.failed(tlsAcceptError(outcome.address, undefined, undefined))
    }
    const stop = (): void => {
      raw.off('readable', look).off('end', left).off('close', left)
    }
    raw.on('readable', look).on('end', left).on('close', left)
  }

  #hand(raw: Socket, outcome: TlsOutcome): void {
    const ends = endsOf(raw)
    this.#outcomes.set(ends, outcome)
    raw.once('close', () => {
      // Unless TLS has told already, or the same two ends have met again.
      if (this.#outcomes.get(ends) !== outcome) return
      this.#outcomes.delete(ends)
      outcome.failed(tlsAcceptError(outcome.address, undefined, undefined))
    })
    // A half-open socket whose other side leaves during the handshake would be noticed by nobody.
    raw.allowHalfOpen = false
    this.#server.emit('connection', raw)
  }

  #secured(socket: TLSSocket): void {
    const outcome = this.#take(socket)
    socket.allowHalfOpen = SOCKET_OPTIONS.allowHalfOpen
    if (outcome === undefined) socket.destroy()
    else if (socket.alpnProtocol === ALPN_PROTOCOL) outcome.secured(socket, this.#mode.proveDialer(socket))
    else {
      socket.destroy()
      outcome.failed(faultError(outcome.address, 'it speaks TLS, and did not ask for this protocol'))
    }
  }

  #take(socket: TLSSocket): TlsOutcome | undefined {
    const ends = endsOf(socket)
    const outcome = this.#outcomes.get(ends)
    this.#outcomes.delete(ends)
    return outcome
  }
}

function endsOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`
}

function faultError(address: string, fault: string): IpcError {
  return new IpcError('IPC_PROTOCOL', `${address} is refused: ${fault}`, { details: { address } })
}

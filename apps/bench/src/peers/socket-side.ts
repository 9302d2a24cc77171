import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { Arrivals, type End, type Link, type LinkShape, type Side } from '../net/link.js'
import { LengthPrefixedEnd } from './length-prefixed.js'

/** Where a server waits. */
export type SocketTarget = { readonly path: string } | { readonly host: string; readonly port: number }

/** How sockets of one kind come about. */
export interface SocketKind {
  /** Begin to listen; `onSocket` gets each socket once messages can travel. */
  listen(scratch: string, onSocket: (socket: Socket) => void): Server
  /** Resolves when messages can travel. */
  dial(target: SocketTarget): Promise<Socket>
}

/** Sockets with {@link LengthPrefixedEnd} on them. */
export function socketLink(kind: SocketKind): Link {
  return {
    async near({ fars }, shape) {
      const target = (await fars[0]!.control.hear()) as SocketTarget
      return new SocketSide(() => kind.dial(target), shape)
    },
    async far({ scratch, control }, shape) {
      const sockets = new Arrivals<Socket>()
      const server = kind.listen(scratch, sockets.put)
      await once(server, 'listening')
      control.tell(targetOf(server))
      return new SocketSide(() => sockets.next(), shape, server)
    },
  }
}

function targetOf(server: Server): SocketTarget {
  const address = server.address() as AddressInfo | string
  return typeof address === 'string' ? { path: address } : { host: address.address, port: address.port }
}

class SocketSide implements Side {
  readonly #next: () => Promise<Socket>
  readonly #shape: LinkShape
  readonly #server: Server | undefined
  readonly #sockets: Socket[] = []

  constructor(next: () => Promise<Socket>, shape: LinkShape, server?: Server) {
    this.#next = next
    this.#shape = shape
    this.#server = server
  }

  async open(count: number): Promise<readonly End[]> {
    const opened: Socket[] = []
    while (opened.length < count) opened.push(await this.#next())
    this.#sockets.push(...opened)
    return opened.map((socket) => new LengthPrefixedEnd(socket, this.#shape))
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server?.close()
  }
}

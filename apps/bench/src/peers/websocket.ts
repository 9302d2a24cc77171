import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { Arrivals, type End, type Link, type Side } from '../net/link.js'

/** ws. The near side is the server: what a client sends has to be masked, byte by byte. */
export const websocket: Link = {
  async near({ fars }, { windowBytes }) {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
    const sockets = new Arrivals<WebSocket>()
    server.on('connection', sockets.put)
    await once(server, 'listening')
    fars[0]!.control.tell((server.address() as AddressInfo).port)
    return new WebSocketSide(windowBytes, () => sockets.next(), server)
  },
  async far({ control }, { windowBytes }) {
    const port = (await control.hear()) as number
    return new WebSocketSide(windowBytes, async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false })
      await once(socket, 'open')
      return socket
    })
  },
}

class WebSocketSide implements Side {
  readonly #windowBytes: number
  readonly #next: () => Promise<WebSocket>
  readonly #server: WebSocketServer | undefined
  readonly #sockets: WebSocket[] = []

  constructor(windowBytes: number, next: () => Promise<WebSocket>, server?: WebSocketServer) {
    this.#windowBytes = windowBytes
    this.#next = next
    this.#server = server
  }

  async open(count: number): Promise<readonly End[]> {
    const opened: WebSocket[] = []
    while (opened.length < count) opened.push(await this.#next())
    this.#sockets.push(...opened)
    return opened.map((socket) => new WebSocketEnd(socket, this.#windowBytes))
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.terminate()
    this.#server?.close()
  }
}

class WebSocketEnd implements End {
  readonly #windowBytes: number
  readonly #socket: WebSocket
  #written: Promise<void> = Promise.resolve()

  constructor(socket: WebSocket, windowBytes: number) {
    this.#windowBytes = windowBytes
    this.#socket = socket
  }

  send(message: Uint8Array): boolean {
    const socket = this.#socket
    const copy = Buffer.from(message)
    if (socket.bufferedAmount < this.#windowBytes) {
      socket.send(copy)
      return true
    }
    this.#written = new Promise((resolve) => socket.send(copy, () => resolve()))
    return false
  }

  drained(): Promise<void> {
    return this.#written
  }

  flush(): void {
    // It writes each message at once.
  }

  onMessage(listener: (bytes: Uint8Array, at: number) => void): void {
    this.#socket.on('message', (message: Buffer) => listener(message, 0))
  }

  echo(): void {
    this.#socket.on('message', (message: Buffer) => this.#socket.send(message))
  }
}

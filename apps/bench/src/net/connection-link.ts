import { join } from 'node:path'
import { bytes, type Connection, type Listener } from '@ipc/core'
import { type NetOptions, net } from '@ipc/net'
import type { End, Link, Side } from './link.js'

type BytesConnection = Connection<Uint8Array>

/** What both sides know: what a secret is does not matter on a machine by itself. */
const SECRET = Buffer.alloc(32, 'ipc-bench')

/** Receives bytes where they lie, as the peers do. */
const codec = bytes({ views: true })

export const tcpLink: Link = connectionLink(() => 'tcp://127.0.0.1:0')
export const tcpNoResumeLink: Link = connectionLink(() => 'tcp://127.0.0.1:0', { resume: false })
export const unixLink: Link = connectionLink((scratch) => `unix:${join(scratch, 'ours.sock')}`)
export const tlsLink: Link = connectionLink(() => 'tls://127.0.0.1:0', { secret: SECRET })

/** Connections of @ipc/net. */
function connectionLink(addressIn: (scratch: string) => string, options?: NetOptions): Link {
  return {
    async near({ fars }, { windowBytes }) {
      const terms = { codec, highWaterMarkBytes: windowBytes }
      const address = (await fars[0]!.control.hear()) as string
      return new ConnectionSide(() => net(options).connect<Uint8Array, Uint8Array>(address, terms))
    },
    async far({ scratch, control }, { windowBytes }) {
      const terms = { codec, highWaterMarkBytes: windowBytes }
      const listener = await net(options).listen<Uint8Array, Uint8Array>(addressIn(scratch), terms)
      control.tell(listener.address)
      return new ConnectionSide(() => listener.accept(), listener)
    },
  }
}

class ConnectionSide implements Side {
  readonly #next: () => Promise<BytesConnection>
  readonly #listener: Listener<Uint8Array, Uint8Array, string> | undefined
  readonly #connections: BytesConnection[] = []

  constructor(next: () => Promise<BytesConnection>, listener?: Listener<Uint8Array, Uint8Array, string>) {
    this.#next = next
    this.#listener = listener
  }

  async open(count: number): Promise<readonly End[]> {
    const opened: BytesConnection[] = []
    while (opened.length < count) opened.push(await this.#next())
    this.#connections.push(...opened)
    return opened.map((connection) => new ConnectionEnd(connection))
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()))
    await this.#listener?.close()
  }
}

class ConnectionEnd implements End {
  readonly #connection: BytesConnection

  constructor(connection: BytesConnection) {
    this.#connection = connection
  }

  send(message: Uint8Array): boolean {
    return this.#connection.send(message)
  }

  drained(): Promise<void> {
    return this.#connection.drained()
  }

  flush(): void {
    // It does so by itself, at the end of the tick.
  }

  onMessage(listener: (bytes: Uint8Array, at: number) => void): void {
    this.#connection.onMessage((message) => listener(message, 0))
  }

  echo(): void {
    this.#connection.onMessage((message) => this.#connection.send(message))
  }
}

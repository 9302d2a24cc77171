import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { End, Link, LinkShape, Side } from '../net/link.js'
import { Flow } from './flow.js'
import { startNatsServer } from './nats-server.js'

const NOTHING = new Uint8Array(0)

/** NATS core: both sides are clients of a server, and each connection is one of each side with subjects of its own. */
export const natsCore: Link = {
  async near({ fars }, shape) {
    const server = await startNatsServer()
    fars[0]!.control.tell(server.url)
    return new NatsSide({ url: server.url, here: 'near', there: 'far', shape, stop: server.stop })
  },
  async far({ control }, shape) {
    const url = (await control.hear()) as string
    return new NatsSide({ url, here: 'far', there: 'near', shape, stop: () => {} })
  },
}

interface NatsSideInit {
  readonly url: string
  readonly here: string
  readonly there: string
  readonly shape: LinkShape
  stop(): void
}

class NatsSide implements Side {
  readonly #init: NatsSideInit
  readonly #connections: NatsConnection[] = []

  constructor(init: NatsSideInit) {
    this.#init = init
  }

  async open(count: number): Promise<readonly End[]> {
    const { url, here, there, shape } = this.#init
    const ends: End[] = []
    while (ends.length < count) {
      const index = this.#connections.length
      const connection = await connect({ servers: url, reconnect: false })
      this.#connections.push(connection)
      ends.push(new NatsEnd(connection, `${here}.${index}`, `${there}.${index}`, shape))
      // So that its subscriptions are known before the other side sends.
      await connection.flush()
    }
    return ends
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()))
    this.#init.stop()
  }
}

/** NATS has no backpressure: it drops a receiver that is too slow. So the receiver says what it has taken. */
class NatsEnd implements End {
  readonly #connection: NatsConnection
  readonly #there: string
  readonly #flow: Flow
  #taken = 0
  #listener: (message: Uint8Array) => void = () => {}

  constructor(
    connection: NatsConnection,
    here: string,
    there: string,
    { messageBytes, windowBytes }: LinkShape,
  ) {
    this.#connection = connection
    this.#there = there
    this.#flow = new Flow(windowBytes / messageBytes)
    connection.subscribe(here, { callback: (_error, { data }) => this.#take(data) })
    connection.subscribe(`${here}.taken`, { callback: () => this.#flow.acknowledged() })
  }

  send(message: Uint8Array): boolean {
    // It keeps the bytes until they are written.
    this.#connection.publish(this.#there, Buffer.from(message))
    return this.#flow.sent()
  }

  drained(): Promise<void> {
    return this.#flow.drained()
  }

  flush(): void {
    // It does so by itself, at the end of the tick.
  }

  onMessage(listener: (bytes: Uint8Array, at: number) => void): void {
    this.#listener = (message) => listener(message, 0)
  }

  echo(): void {
    this.#listener = (message) => void this.send(message)
  }

  #take(message: Uint8Array): void {
    this.#listener(message)
    if (++this.#taken % this.#flow.part === 0) this.#connection.publish(`${this.#there}.taken`, NOTHING)
  }
}

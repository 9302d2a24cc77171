import { connect, type NatsConnection } from '@nats-io/transport-node'
import type { End, Link, LinkShape, Side } from '../net/link.js'
import { FlowEnd } from './flow.js'
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
      ends.push(natsEnd(connection, `${here}.${index}`, `${there}.${index}`, shape))
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
function natsEnd(connection: NatsConnection, here: string, there: string, shape: LinkShape): FlowEnd {
  const end = new FlowEnd(shape, {
    // It keeps the bytes until they are written.
    send: (message) => connection.publish(there, Buffer.from(message)),
    tellTaken: () => connection.publish(`${there}.taken`, NOTHING),
  })
  connection.subscribe(here, { callback: (_error, { data }) => end.take(data) })
  connection.subscribe(`${here}.taken`, { callback: () => end.acknowledged() })
  return end
}

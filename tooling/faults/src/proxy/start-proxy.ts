import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { checkWhole } from '../check-number.js'
import { type CutOptions, type Cutter, RandomCutter } from './cut-randomly.js'
import { type Endpoint, endpointOf } from './endpoint.js'
import { type ProxiedConnection, ProxyConnection } from './proxied-connection.js'
import { createRandom } from './random.js'
import { PieceRecorder, type Recorder } from './recorder.js'
import { resetSocket } from './reset-socket.js'
import type { Toxics } from './toxic.js'

/** Options of {@link startProxy}. */
export interface ProxyOptions {
  /** The listener that the proxy stands for. */
  readonly upstream: Endpoint
  /** Where dialers find the proxy. Default a free port of 127.0.0.1. */
  readonly listen?: Endpoint
  /** Decides everything that is random: a whole number that is not negative. */
  readonly seed: number
}

/** A network between dialers and a listener. */
export interface FaultProxy {
  /** Where dialers find it. */
  readonly address: Endpoint
  /** Those that are there, in the order of their ids. */
  readonly connections: readonly ProxiedConnection[]
  /** Resolves with the next connection that is accepted. Rejects when the proxy is closed before. */
  nextConnection(): Promise<ProxiedConnection>
  /**
   * Replace what is wrong with the network, for the connections that there are and for those to come. What earlier toxics
   * hold back goes through the new ones.
   */
  setToxics(toxics: Toxics): void
  /** Reset all connections. */
  resetAll(): void
  /** Pause all connections, and those to come. */
  pauseAll(): void
  /** Resume all connections, also those that were paused one by one. */
  resumeAll(): void
  /** Dialers are refused by the system from now on. Connections stay. */
  stopListening(): void
  /** Listen again at the same address. */
  listenAgain(): Promise<void>
  /** Reset random connections at random moments. */
  cutRandomly(options: CutOptions): Cutter
  /** Record what is passed on from now on. */
  record(): Recorder
  /** Ends everything; resolves when no socket and no timer is left. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * Start a proxy that does what networks do to connections, for TCP and Unix sockets in any combination. Bytes, their order,
 * FIN of either direction and RST pass as they come; who does not read is not sent more than the buffers hold. RST comes
 * to light when what was sent before it has found room.
 *
 * Random are the toxics' decisions only, which depend on the seed, the number of the connection and the position in the
 * stream. What a toxic decides for what was read at once also depends on what the system gave at once.
 *
 * @example
 * ```ts
 * await using proxy = await startProxy({ upstream: { host: '127.0.0.1', port: 7000 }, seed: 1 })
 * proxy.setToxics({ up: [slice({ bytes: 1 })], down: [latency({ ms: 50 }), resetAfter({ bytes: 1000 })] })
 * ```
 */
export async function startProxy(options: ProxyOptions): Promise<FaultProxy> {
  checkWhole('seed', options.seed, 0)
  const proxy = new SocketProxy(options)
  await proxy.listen(options.listen ?? { host: '127.0.0.1', port: 0 })
  return proxy
}

interface Waiting {
  readonly resolve: (connection: ProxiedConnection) => void
  readonly reject: (error: Error) => void
}

class SocketProxy implements FaultProxy {
  readonly #options: ProxyOptions
  readonly #connections = new Map<number, ProxyConnection>()
  readonly #recorders = new Set<PieceRecorder>()
  readonly #cutters: RandomCutter[] = []
  readonly #serversClosed: Promise<unknown>[] = []
  #server: Server | undefined
  #address: Endpoint | undefined
  #toxics: Toxics = {}
  #paused = false
  #closed = false
  #accepted = 0
  #waiting: Waiting[] = []

  constructor(options: ProxyOptions) {
    this.#options = options
  }

  get address(): Endpoint {
    return this.#address!
  }

  get connections(): readonly ProxiedConnection[] {
    return [...this.#connections.values()].filter(({ over }) => !over)
  }

  async listen(endpoint: Endpoint): Promise<void> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true })
    server.on('connection', (dialer) => this.#accept(dialer))
    server.listen(endpoint)
    await once(server, 'listening')
    // Such as too many open files: the dialer sees it, and the next one may have more luck.
    server.on('error', () => {})
    this.#server = server
    this.#address = endpointOf(server)
  }

  nextConnection(): Promise<ProxiedConnection> {
    if (this.#closed) return Promise.reject(closedError())
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
    })
  }

  setToxics(toxics: Toxics): void {
    this.#toxics = toxics
    for (const connection of this.#connections.values()) connection.setToxics(toxics)
  }

  resetAll(): void {
    for (const connection of this.#connections.values()) connection.reset()
  }

  pauseAll(): void {
    this.#paused = true
    for (const connection of this.#connections.values()) connection.pause()
  }

  resumeAll(): void {
    this.#paused = false
    for (const connection of this.#connections.values()) connection.resume()
  }

  stopListening(): void {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    // The system knows at once; the server waits for its connections.
    this.#serversClosed.push(new Promise((resolve) => server.close(resolve)))
  }

  async listenAgain(): Promise<void> {
    if (this.#closed) throw closedError()
    if (this.#server === undefined) await this.listen(this.address)
  }

  cutRandomly({ meanMs }: CutOptions): Cutter {
    const cutter = new RandomCutter({
      meanMs,
      random: createRandom(this.#options.seed, this.#cutters.length),
      living: () => this.connections,
    })
    this.#cutters.push(cutter)
    return cutter
  }

  record(): Recorder {
    const recorder = new PieceRecorder(() => this.#recorders.delete(recorder))
    this.#recorders.add(recorder)
    return recorder
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const cutter of this.#cutters) cutter.stop()
    const waiting = this.#waiting
    this.#waiting = []
    for (const { reject } of waiting) reject(closedError())
    this.stopListening()
    const connections = [...this.#connections.values()]
    for (const connection of connections) connection.destroy()
    await Promise.all([...this.#serversClosed, ...connections.map(({ closed }) => closed)])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #accept(dialer: Socket): void {
    if (this.#closed || this.#toxics.connection?.some(({ name }) => name === 'refuse') === true) {
      dialer.on('error', () => {})
      resetSocket(dialer)
      return
    }
    const connection = this.#connect(dialer)
    this.#connections.set(connection.id, connection)
    void connection.closed.then(() => this.#connections.delete(connection.id))
    for (const cutter of this.#cutters) cutter.connected()
    const waiting = this.#waiting
    this.#waiting = []
    for (const { resolve } of waiting) resolve(connection)
  }

  #connect(dialer: Socket): ProxyConnection {
    const { upstream, seed } = this.#options
    return new ProxyConnection({
      id: ++this.#accepted,
      dialer,
      upstream,
      toxics: this.#toxics,
      seed,
      paused: this.#paused,
      passed: (...event) => {
        for (const recorder of this.#recorders) recorder.passed(...event)
      },
    })
  }
}

function closedError(): Error {
  return new Error('the proxy is closed')
}

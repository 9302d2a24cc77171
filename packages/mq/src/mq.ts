import type {
  Codec,
  Connection,
  ConnectionOptions,
  ConnectOptions,
  Listener,
  ListenOptions,
  Transport,
  TransportCapabilities,
} from '@ipc/core'
import { msgpack } from '@ipc/core'
import { checkDurationMs } from '@ipc/core/internal'
import { connectAt } from './connect.js'
import { type Side, sideOf } from './greeting.js'
import type { PortLike } from './port.js'
import { hubAt, type PortHub } from './port-hub.js'
import { listenAt } from './port-listener.js'
import { portOf, processPortOf } from './port-of.js'
import type { PortTarget, ProcessTarget } from './targets.js'

/**
 * Connections over message ports: worker threads, and workers of the web.
 *
 * Both sides name their end of the same port: one listens, the other connects; which one does which is up to them, and
 * a port carries any number of connections. The port remains the application's: its other messages are left alone, and
 * it is not closed.
 *
 * @example
 * ```ts
 * import { Worker } from 'node:worker_threads'
 * import { mq } from '@ipc/mq'
 *
 * const worker = new Worker(new URL('./worker.js', import.meta.url)) // does: mq().listen(parentPort)
 * const connection = await mq().connect<string>(worker)
 * connection.send('hello')
 * ```
 */
export function mq(): Transport<PortTarget> {
  return new PortTransport<PortTarget>('mq', PORT_CAPABILITIES, portOf, undefined)
}

/**
 * Connections over the IPC channel between a process and a child that it forked: the parent names the `ChildProcess`,
 * the child names `process`. Either `serialization` of the channel will do; `'advanced'` is the faster one.
 *
 * @example
 * ```ts
 * import { fork } from 'node:child_process'
 * import { mqProcess } from '@ipc/mq'
 *
 * const child = fork('child.js', { serialization: 'advanced' }) // does: mqProcess().listen(process)
 * const connection = await mqProcess().connect<string>(child)
 * connection.send('hello')
 * ```
 */
export function mqProcess(): Transport<ProcessTarget> {
  return new PortTransport<ProcessTarget>('mq-process', PROCESS_CAPABILITIES, processPortOf, msgpack())
}

const PORT_CAPABILITIES: TransportCapabilities = {
  model: 'message-passing',
  reach: 'thread',
  transferLists: true,
  manyConnections: true,
  encodes: false,
}

const PROCESS_CAPABILITIES: TransportCapabilities = {
  model: 'message-passing',
  reach: 'process',
  transferLists: false,
  manyConnections: true,
  encodes: true,
}

class PortTransport<Target extends object> implements Transport<Target> {
  readonly name: string
  readonly capabilities: TransportCapabilities
  readonly #portOf: (target: unknown) => PortLike
  readonly #codec: Codec | undefined

  constructor(
    name: string,
    capabilities: TransportCapabilities,
    portAt: (target: unknown) => PortLike,
    codec: Codec | undefined,
  ) {
    this.name = name
    this.capabilities = capabilities
    this.#portOf = portAt
    this.#codec = codec
  }

  async connect<In, Out>(
    target: Target,
    options: ConnectOptions<In, Out> = {},
  ): Promise<Connection<In, Out>> {
    checkDurationMs('timeoutMs', options.timeoutMs ?? 0)
    const hub = hubAt(target, this.#portOf)
    return connectAt(hub, await this.#sideAt(hub, options), options)
  }

  async listen<In, Out>(
    target: Target,
    options: ListenOptions<In, Out> = {},
  ): Promise<Listener<In, Out, Target>> {
    const hub = hubAt(target, this.#portOf)
    return listenAt(hub, target, await this.#sideAt(hub, options), options)
  }

  async #sideAt<In, Out>({ port }: PortHub, options: ConnectionOptions<In, Out>): Promise<Side<In, Out>> {
    const side = sideOf(this.name, options, this.#codec)
    const life = await port.life?.own()
    return life === undefined ? side : { ...side, greeting: { ...side.greeting, life } }
  }
}
